"""How other rooms ask about deployments."""

from __future__ import annotations

from sqlalchemy import Connection, delete

from modelyard import errors
from modelyard.deployments.deploying import repository
from modelyard.store.tables import deployments


def forget_project(db: Connection, project: str) -> None:
    """Forget the deployments of a project.

    Raises:
        Conflict: one of them answers, and nodes would go on with it.
    """
    for name in repository.in_project(db, project):
        kept = repository.get(db, project, name, lock=True)
        if kept.kind == "api" and kept.settings.enabled and kept.pushed is not None:
            raise errors.Conflict(
                f"{name} of project {project!r} answers on {kept.infrastructure}; disable it "
                f"first, and delete it: deployments disable {name} --project {project}"
            )
    db.execute(delete(deployments).where(deployments.c.project == project))
