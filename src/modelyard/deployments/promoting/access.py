"""How other rooms ask about pipelines."""

from __future__ import annotations

from sqlalchemy import Connection

from modelyard.deployments.promoting import repository


def forget_project(db: Connection, project: str) -> None:
    """Forget the pipelines of a project, and what waits in them."""
    repository.remove(db, project)
