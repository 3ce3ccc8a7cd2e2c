"""How questions about drift are answered."""

from __future__ import annotations

from typing import get_args

from modelyard.analysis.drift.drift_tests import DRIFT_TESTS
from modelyard.analysis.drift.types import ColumnKind
from modelyard.evaluations.drifting import charting, keeping, repository
from modelyard.evaluations.drifting.commands import (
    ComputeDrift,
    DeleteDrift,
    ExportDrift,
    ListDrift,
    ListDriftTests,
    ShowDrift,
    ShowDriftChart,
    ShowDriftTable,
)
from modelyard.evaluations.drifting.computing import compute
from modelyard.evaluations.drifting.planning import make_plan
from modelyard.evaluations.drifting.types import (
    Drift,
    DriftChart,
    DriftSummary,
    DriftTable,
    DriftTest,
    ExportedDrift,
)
from modelyard.kernel.bus import checks, handles
from modelyard.kernel.context import Context
from modelyard.projects.access import require_project
from modelyard.store.database import exclusively
from modelyard.store.keeping import collect

KINDS: tuple[ColumnKind, ...] = get_args(ColumnKind)


@checks(ComputeDrift)
def check_drift(command: ComputeDrift, context: Context) -> None:
    """Refuse what could only fail, before it is a job."""
    make_plan(command, context)


@handles(ComputeDrift)
def compute_drift(command: ComputeDrift, context: Context) -> Drift:
    """Open both sides, compare them, keep the report."""
    return keeping.keep(context, compute(make_plan(command, context), context))


@handles(ListDrift)
def list_drift(command: ListDrift, context: Context) -> list[DriftSummary]:
    """List the newest first."""
    wanted = command.model_dump(include={"evaluation", "model", "version", "outcome"})
    with context.read() as db:
        require_project(db, command.project)
        return repository.list_all(db, command.project, command, wanted)


@handles(ShowDrift)
def show_drift(command: ShowDrift, context: Context) -> Drift:
    """Read the report."""
    return keeping.read(context, command.project, command.id)


@handles(ShowDriftChart)
def show_drift_chart(command: ShowDriftChart, context: Context) -> DriftChart:
    """Draw the part."""
    return charting.chart_of(context, command)


@handles(ShowDriftTable)
def show_drift_table(command: ShowDriftTable, context: Context) -> DriftTable:
    """Put the part's numbers in rows."""
    return charting.table_of(context, command)


@handles(ExportDrift)
def export_drift(command: ExportDrift, context: Context) -> ExportedDrift:
    """Write what was drawn or put in rows."""
    return charting.export(context, command)


@handles(DeleteDrift)
def delete_drift(command: DeleteDrift, context: Context) -> None:
    """Delete the row, then the report."""
    context.unchanged(keeping.read(context, command.project, command.id))
    with context.begin() as db:
        exclusively(db)
        repository.digest_of(db, command.project, command.id)
        digests = repository.remove(db, command.project, command.id)
    collect(context, digests)


@handles(ListDriftTests)
def list_drift_tests(command: ListDriftTests, context: Context) -> list[DriftTest]:
    """Tell what the tests say of themselves."""
    with context.read() as db:
        require_project(db, command.project)
    return [
        DriftTest(
            name=test.name,
            title=test.title,
            kinds=tuple(kind for kind in KINDS if kind in test.kinds),
            threshold=test.threshold,
            description=test.description,
        )
        for test in map(DRIFT_TESTS.get, DRIFT_TESTS.names())
    ]
