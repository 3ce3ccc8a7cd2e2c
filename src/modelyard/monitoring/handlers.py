"""How checks answer."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from modelyard.evaluations.access import require_store
from modelyard.kernel.bus import handles
from modelyard.kernel.context import Context
from modelyard.kernel.faults import invalid
from modelyard.kernel.values import Emptied, now
from modelyard.models.access import require_code
from modelyard.monitoring import repository
from modelyard.monitoring.commands import (
    CreateCheck,
    DeleteCheck,
    ListChecks,
    ListResults,
    ReportStore,
    RunChecks,
    ShowCheck,
    UpdateCheck,
)
from modelyard.monitoring.reporting import report
from modelyard.monitoring.running import run_checks
from modelyard.monitoring.scripts import require_check
from modelyard.monitoring.types import (
    Check,
    CheckResult,
    CheckRun,
    CheckSettings,
    CheckSummary,
    ReportedStore,
)
from modelyard.projects.access import require_project


@handles(CreateCheck)
def create_check(command: CreateCheck, context: Context) -> Check:
    """Insert the row, once its code could run."""
    check = Check(**command.model_dump(), created=now(), created_by=context.identity.name)
    _require_code(check, context)
    with context.begin() as db:
        require_store(db, command.project, command.store)
        repository.add(db, check)
    return check


@handles(UpdateCheck)
def update_check(command: UpdateCheck, context: Context) -> Check:
    """Change what was given; what it asks makes another version of it."""
    changes = {
        name: getattr(command, name)
        for name, field in UpdateCheck.model_fields.items()
        if name in command.model_fields_set - {"project", "store", "name"}
        and (getattr(command, name) is not None or Emptied.is_mark_of(field))
    }
    with context.begin() as db:
        before = repository.get(db, command.project, command.store, command.name)
        context.unchanged(before)
        check = _changed(before, changes)
        _require_code(check, context)
        repository.change(db, check)
    return check


@handles(ListChecks)
def list_checks(command: ListChecks, context: Context) -> list[CheckSummary]:
    """List by store and name."""
    with context.read() as db:
        require_project(db, command.project)
        if command.store is not None:
            require_store(db, command.project, command.store)
        return repository.every(db, command.project, command, command.store)


@handles(ShowCheck)
def show_check(command: ShowCheck, context: Context) -> Check:
    """Look the check up."""
    with context.read() as db:
        require_store(db, command.project, command.store)
        return repository.get(db, command.project, command.store, command.name)


@handles(RunChecks)
def run(command: RunChecks, context: Context) -> CheckRun:
    """Run them, and keep what came of them."""
    return run_checks(command, context)


@handles(ListResults)
def list_results(command: ListResults, context: Context) -> list[CheckResult]:
    """List the newest first."""
    wanted = {
        "name": command.check,
        "evaluation": command.evaluation,
        "outcome": command.outcome,
    }
    with context.read() as db:
        require_store(db, command.project, command.store)
        if command.check is not None:
            repository.get(db, command.project, command.store, command.check)
        return repository.list_results(db, command.project, command.store, command, wanted)


@handles(DeleteCheck)
def delete_check(command: DeleteCheck, context: Context) -> None:
    """Delete the row, and with it what came of it."""
    with context.begin() as db:
        require_store(db, command.project, command.store)
        context.unchanged(repository.get(db, command.project, command.store, command.name))
        repository.remove(db, command.project, command.store, command.name)


@handles(ReportStore)
def report_store(command: ReportStore, context: Context) -> ReportedStore:
    """Write what its evaluations tell."""
    return report(context, command)


def _changed(before: Check, changes: dict[str, Any]) -> Check:
    """A check as it becomes.

    Raises:
        Invalid: that makes no sense.
    """
    if changes.keys() & CheckSettings.model_fields.keys():
        changes = {**changes, "version": before.version + 1}
    try:
        return Check.model_validate({**before.model_dump(), **changes})
    except ValidationError as exc:
        raise invalid(exc) from None


def _require_code(check: Check, context: Context) -> None:
    """Refuse code that could not run, or that whoever asks may not bring."""
    if check.kind == "python":
        require_code(context, check.project, f"the check {check.name!r}")
        require_check(check.code)
