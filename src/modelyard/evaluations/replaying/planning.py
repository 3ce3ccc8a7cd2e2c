"""Everything that is checked about a replay before a version is asked."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from modelyard import errors
from modelyard.data.access import Source, open_source, require_columns
from modelyard.data.types import Sampling
from modelyard.evaluations.replaying.commands import ReplayVersion
from modelyard.kernel.context import Context
from modelyard.kernel.values import FILES, TRANSIT
from modelyard.models.access import active_version, find_version
from modelyard.models.types import ModelVersion
from modelyard.scoring.access import check_scoring
from modelyard.scoring.commands import RunScoring


@dataclass(frozen=True)
class Plan:
    """A replay that can be carried out.

    Args:
        command: what was asked.
        before: the version that is compared with.
        after: the version that may become active.
        source: the rows.
        target: the column that holds the truth; none: it is not known.
        folder: where files of it are put meanwhile, among the project's files.
    """

    command: ReplayVersion
    before: ModelVersion
    after: ModelVersion
    source: Source
    target: str | None
    folder: str

    @property
    def sampling(self) -> Sampling:
        """Which rows are taken."""
        of = self.command
        return Sampling(
            method=of.method,
            rows=of.limit,
            column=of.column,
            descending=of.descending,
            seed=of.seed,
        )

    @property
    def rows(self) -> str:
        """The file of the rows that both are asked with."""
        return f"{FILES}{self.folder}/rows.parquet"

    def scoring(self, version: ModelVersion, *, rows: str | None = None) -> RunScoring:
        """How a version is asked."""
        side = "before" if version is self.before else "after"
        return RunScoring(
            project=self.command.project,
            model=version.model,
            version=version.version,
            input=rows or self.rows,
            output=f"{FILES}{self.folder}/{side}.parquet",
            on_error="skip",
            keep=("none",),
        )


def make_plan(command: ReplayVersion, context: Context) -> Plan:
    """Find what a replay names, and check that both versions can be asked with the rows.

    Raises:
        NotFound: the model, a version or the dataset is not there.
        Blocked: a version may not run.
        Conflict: no version is active, or the version is the one it would be compared with.
        Invalid: the dataset lacks columns that a version takes, or that were named.
        Unsupported: the answers of the model cannot be compared.
    """
    project = command.project
    source = open_source(context, project, command.rows)
    against = command.against or _active(context, command)
    if against == command.version:
        active = " is active already" if command.against is None else " is compared with itself"
        raise errors.Conflict(
            f"version {command.version!r} of {command.model!r}{active}; name another one by "
            "--against",
            field="against",
        )
    after = find_version(context, project, command.model, command.version)
    before = find_version(context, project, command.model, against)
    if after.prediction_type == "other":
        raise errors.Unsupported(
            f"{command.model!r} has prediction type 'other', whose answers can be anything and "
            "are not compared"
        )
    plan = Plan(
        command=command,
        before=before,
        after=after,
        source=source,
        target=_target(command, before, after, source),
        folder=_folder(command, before, after, source),
    )
    named = [*command.columns, *([command.column] if command.column else [])]
    require_columns(named, source.schema.names, source.name)
    for version in (before, after):
        with _fields_of(version is after):
            check_scoring(project, plan.scoring(version, rows=command.rows), context)
    return plan


@contextmanager
def _fields_of(after: bool) -> Iterator[None]:  # noqa: FBT001
    """Tell what is wrong with a scoring at the field of the replay that it is about."""
    try:
        yield
    except errors.ModelyardError as exc:
        named = {"input": "rows", "mode": "version", "version": "version"}
        field = named.get(str(exc.context.get("field")))
        if field is not None:
            exc.context["field"] = "against" if field == "version" and not after else field
        raise


def _active(context: Context, command: ReplayVersion) -> str:
    active = active_version(context, command.project, command.model)
    if active is None:
        raise errors.Conflict(
            f"saved model {command.model!r} has no active version to compare "
            f"{command.version!r} with; name one by --against",
            field="against",
        )
    return active


def _target(
    command: ReplayVersion, before: ModelVersion, after: ModelVersion, source: Source
) -> str | None:
    """The column of the truth, if the dataset has it and no version takes it as an input."""
    there = source.schema.names
    if command.target is not None:
        require_columns([command.target], there, source.name)
        return command.target
    taken = {each.name for version in (before, after) for each in version.signature.inputs.columns}
    known = (after.core.target, before.core.target)
    return next((each for each in known if each in there and each not in taken), None)


def _folder(
    command: ReplayVersion, before: ModelVersion, after: ModelVersion, source: Source
) -> str:
    """The same for the same replay, so that one that was killed finds what it left."""
    facts = [command.model_dump_json(), source.fingerprint or secrets.token_hex()]
    facts += [f"{each.digest} {each.imported.isoformat()}" for each in (before, after)]
    digest = hashlib.sha256("\n".join(facts).encode()).hexdigest()
    return f"{TRANSIT}/replay-{digest[:16]}"
