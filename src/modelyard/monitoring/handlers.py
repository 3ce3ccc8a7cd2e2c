"""How checks answer."""

from __future__ import annotations

from modelyard.evaluations.access import require_store
from modelyard.kernel.bus import handles
from modelyard.kernel.context import Context
from modelyard.kernel.values import now
from modelyard.monitoring import repository
from modelyard.monitoring.commands import CreateCheck, ListChecks
from modelyard.monitoring.types import Check, CheckSummary
from modelyard.projects.access import require_project


@handles(CreateCheck)
def create_check(command: CreateCheck, context: Context) -> Check:
    """Insert the row."""
    check = Check(**command.model_dump(), created=now(), created_by=context.identity.name)
    with context.begin() as db:
        require_store(db, command.project, command.store)
        repository.add(db, check)
    return check


@handles(ListChecks)
def list_checks(command: ListChecks, context: Context) -> list[CheckSummary]:
    """List by store and name."""
    with context.read() as db:
        require_project(db, command.project)
        if command.store is not None:
            require_store(db, command.project, command.store)
        return repository.every(db, command.project, command, command.store)
