"""How questions about replays are answered."""

from __future__ import annotations

from modelyard.evaluations.replaying import charting, keeping, repository
from modelyard.evaluations.replaying.commands import (
    DeleteReplay,
    ExportReplay,
    ListReplays,
    ReplayVersion,
    ShowReplay,
    ShowReplayChart,
    ShowReplayTable,
)
from modelyard.evaluations.replaying.comparing import replay
from modelyard.evaluations.replaying.planning import make_plan
from modelyard.evaluations.replaying.types import (
    ExportedReplay,
    Replay,
    ReplayChart,
    ReplaySummary,
    ReplayTable,
)
from modelyard.kernel.bus import checks, handles
from modelyard.kernel.context import Context
from modelyard.models.access import require_model
from modelyard.store.database import exclusively
from modelyard.store.keeping import collect


@checks(ReplayVersion)
def check_replay(command: ReplayVersion, context: Context) -> None:
    """Refuse what could only fail, before it is a job."""
    make_plan(command, context)


@handles(ReplayVersion)
def replay_version(command: ReplayVersion, context: Context) -> Replay:
    """Ask both versions, compare their answers, keep what came out."""
    return keeping.keep(context, replay(make_plan(command, context), context))


@handles(ListReplays)
def list_replays(command: ListReplays, context: Context) -> list[ReplaySummary]:
    """List the newest first."""
    with context.read() as db:
        require_model(db, command.project, command.model)
        return repository.list_all(db, command.project, command.model, command.version, command)


@handles(ShowReplay)
def show_replay(command: ShowReplay, context: Context) -> Replay:
    """Read the replay."""
    return keeping.read(context, command.project, command.id)


@handles(ShowReplayChart)
def show_replay_chart(command: ShowReplayChart, context: Context) -> ReplayChart:
    """Draw the part."""
    return charting.chart_of(context, command)


@handles(ShowReplayTable)
def show_replay_table(command: ShowReplayTable, context: Context) -> ReplayTable:
    """Put the part's numbers in rows."""
    return charting.table_of(context, command)


@handles(ExportReplay)
def export_replay(command: ExportReplay, context: Context) -> ExportedReplay:
    """Write what was drawn or put in rows."""
    return charting.export(context, command)


@handles(DeleteReplay)
def delete_replay(command: DeleteReplay, context: Context) -> None:
    """Delete the row, then the replay."""
    context.unchanged(keeping.read(context, command.project, command.id))
    with context.begin() as db:
        exclusively(db)
        digest = repository.digest_of(db, command.project, command.id)
        repository.remove(db, command.project, command.id)
    collect(context, {digest})
