"""How other rooms ask about projects."""

from __future__ import annotations

from sqlalchemy import Connection

from modelyard import errors
from modelyard.kernel.context import Context
from modelyard.projects import leftovers, repository
from modelyard.projects.types import Project
from modelyard.store.database import exclusively


def require_project(db: Connection, key: str) -> Project:
    """Look a project up; NotFound if there is none."""
    return repository.get(db, key)


def require_same(db: Connection, seen: Project) -> None:
    """Look whether a project is still there; NotFound if it was deleted, or made anew."""
    if not repository.exists(db, seen.key) or repository.get(db, seen.key).created != seen.created:
        raise errors.NotFound(f"the project {seen.key!r} was deleted meanwhile", name=seen.key)


def remove_files(context: Context, key: str) -> None:
    """Remove the files of a project that was deleted, unless there is one of its key again."""
    with context.begin() as db:
        exclusively(db)
        if not repository.exists(db, key):
            leftovers.put_aside(context, key)
    leftovers.remove_what_is_aside(context)


def delete_project(db: Connection, key: str) -> None:
    """Delete a project that holds nothing any more."""
    repository.remove(db, key)
