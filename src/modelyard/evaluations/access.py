"""How other rooms ask about evaluations."""

from __future__ import annotations

from sqlalchemy import Connection

from modelyard.evaluations import repository
from modelyard.evaluations.drifting import repository as drifting
from modelyard.evaluations.storing import repository as stores


def forget_project(db: Connection, project: str) -> set[str]:
    """Delete the evaluations, stores and drift reports of a project.

    Gives the digests of the files they kept.
    """
    digests = drifting.remove(db, project) | repository.remove(db, project)
    stores.remove(db, project)
    return digests
