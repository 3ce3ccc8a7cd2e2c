"""How standards answer."""

from __future__ import annotations

from typing import Any

from modelyard import errors
from modelyard.deployments.standards import repository
from modelyard.deployments.standards.commands import (
    CreateStandard,
    DeleteStandard,
    ListStandards,
    RunStandards,
    ShowStandard,
    ShowStandardReport,
    UpdateStandard,
)
from modelyard.deployments.standards.functions import require_standard
from modelyard.deployments.standards.judging import report
from modelyard.deployments.standards.types import Standard, StandardReport
from modelyard.kernel.bus import handles
from modelyard.kernel.context import Context
from modelyard.kernel.values import now
from modelyard.projects.access import require_project

OF_CODE = ("code", "seconds")
"""What only a standard that somebody wrote has."""


@handles(CreateStandard)
def create_standard(command: CreateStandard, context: Context) -> Standard:
    """Insert the row, once its code could run."""
    standard = Standard(
        **command.model_dump(), kind="python", changed=now(), changed_by=context.identity.name
    )
    require_standard(context, standard)
    with context.begin() as db:
        repository.add(db, standard)
    return standard


@handles(ListStandards)
def list_standards(_command: ListStandards, context: Context) -> list[Standard]:
    """Those that are built in first."""
    with context.read() as db:
        return repository.every(db)


@handles(ShowStandard)
def show_standard(command: ShowStandard, context: Context) -> Standard:
    """Look it up."""
    with context.read() as db:
        return repository.get(db, command.name)


@handles(UpdateStandard)
def update_standard(command: UpdateStandard, context: Context) -> Standard:
    """Change what was given."""
    given: dict[str, Any] = command.model_dump(exclude={"name"}, exclude_none=True)
    with context.begin() as db:
        before = repository.get(db, command.name)
        context.unchanged(before)
        if before.kind == "built_in" and any(name in given for name in OF_CODE):
            raise errors.Invalid(f"{command.name} is built in, and has no code", field="code")
        moved = {"changed": now(), "changed_by": context.identity.name}
        standard = Standard.model_validate({**dict(before), **given, **moved})
        if "code" in given:
            require_standard(context, standard)
        repository.save(db, standard)
    return standard


@handles(DeleteStandard)
def delete_standard(command: DeleteStandard, context: Context) -> None:
    """Only one that somebody wrote."""
    with context.begin() as db:
        found = repository.get(db, command.name)
        context.unchanged(found)
        if found.kind == "built_in":
            raise errors.Invalid(
                f"{command.name} is built in; have nobody asked to meet it by: standards update "
                f"{command.name} --disabled"
            )
        repository.remove(db, command.name)


@handles(RunStandards)
def run_standards(command: RunStandards, context: Context) -> StandardReport:
    """Keep the report, and only then fail."""
    found = report(context, command.project)
    if command.fail_from is not None and found.severity >= command.fail_from:
        bad = [each for each in found.results if each.severity >= command.fail_from]
        raise errors.Failed(
            f"{command.project} does not meet "
            + "; ".join(f"{each.standard} ({each.severity}): {each.message}" for each in bad),
            severity=found.severity,
            standards=[each.standard for each in bad],
        )
    return found


@handles(ShowStandardReport)
def show_report(command: ShowStandardReport, context: Context) -> StandardReport:
    """As it was when last asked."""
    with context.read() as db:
        require_project(db, command.project)
        found = repository.report_of(db, command.project)
    if found is None:
        raise errors.NotFound(
            f"nobody asked yet which standards {command.project} meets; ask by: standards run "
            f"--project {command.project}"
        )
    return found
