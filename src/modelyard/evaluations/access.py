"""How other rooms ask about evaluations."""

from __future__ import annotations

from sqlalchemy import Connection

from modelyard.evaluations import repository
from modelyard.evaluations.storing import repository as stores


def forget_project(db: Connection, project: str) -> set[str]:
    """Delete the evaluations and stores of a project; gives the digests of the files they kept."""
    digests = repository.remove(db, project)
    stores.remove(db, project)
    return digests
