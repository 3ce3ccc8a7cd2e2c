"""How the whole house answers: each room clears what is its own."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from modelyard import errors
from modelyard.data import access as data
from modelyard.housekeeping.commands import DeleteProject
from modelyard.kernel.bus import handles
from modelyard.kernel.command import ProjectCommand
from modelyard.kernel.context import Context
from modelyard.models import access as models
from modelyard.projects import access as projects
from modelyard.scoring import access as scoring
from modelyard.store import tables
from modelyard.store.database import exclusively

DEFAULT = ProjectCommand.model_fields["project"].default
HELD = {
    "connection": tables.connections,
    "dataset": tables.datasets,
    "saved model": tables.models,
    "recipe": tables.recipes,
    "scoring run": tables.runs,
}
"""What makes a project not empty, by the word for one of it."""


@handles(DeleteProject)
def delete_project(command: DeleteProject, context: Context) -> None:
    """Delete all rows in one transaction, then the files that nothing needs any more."""
    key = command.key
    with context.begin() as db:
        exclusively(db)
        projects.require_project(db, key)
        if key == DEFAULT:
            raise errors.Invalid(
                f"the project {key!r} cannot be deleted: commands that name no project are about "
                "it; delete what it holds"
            )
        held = _held(db, key)
        if held and not command.force:
            raise errors.Conflict(
                f"the project {key!r} holds {', '.join(held)}; delete it with all of that by "
                "--force"
            )
        left_by_runs = scoring.forget_project(context, db, key)
        left_by_versions = models.forget_project(db, key)
        data.forget_project(db, key)
        projects.delete_project(db, key)
    left_by_runs.release()
    left_by_versions.release(context)


def _held(db: Connection, project: str) -> list[str]:
    counts = {
        word: db.scalar(select(func.count()).where(table.c.project == project)) or 0
        for word, table in HELD.items()
    }
    return [f"{count} {word}{'s' if count > 1 else ''}" for word, count in counts.items() if count]
