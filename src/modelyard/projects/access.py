"""How other rooms ask about projects."""

from __future__ import annotations

from sqlalchemy import Connection

from modelyard.projects import repository
from modelyard.projects.types import Project


def require_project(db: Connection, key: str) -> Project:
    """Look a project up; NotFound if there is none."""
    return repository.get(db, key)


def delete_project(db: Connection, key: str) -> None:
    """Delete a project that holds nothing any more."""
    repository.remove(db, key)
