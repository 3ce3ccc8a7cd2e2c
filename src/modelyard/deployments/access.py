"""How other rooms ask about deployments."""

from __future__ import annotations

from sqlalchemy import Connection

from modelyard.deployments.bundling import repository as bundles


def forget_project(db: Connection, project: str) -> set[str]:
    """Delete all of a project; gives the digests of what was kept."""
    return bundles.remove(db, project)
