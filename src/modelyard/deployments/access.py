"""How other rooms ask about deployments."""

from __future__ import annotations

from sqlalchemy import Connection

from modelyard.deployments.activating import repository as activating
from modelyard.deployments.bundling import repository as bundles
from modelyard.deployments.deploying import access as deploying
from modelyard.deployments.promoting import access as promoting
from modelyard.deployments.standards import repository as standards


def forget_project(db: Connection, project: str) -> set[str]:
    """Delete all of a project; gives the digests of what was kept.

    Raises:
        Conflict: a deployment of it answers.
    """
    promoting.forget_project(db, project)
    deploying.forget_project(db, project)
    activating.forget_project(db, project)
    standards.forget_project(db, project)
    return bundles.remove(db, project)
