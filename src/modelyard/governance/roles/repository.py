"""Rows of roles that were given on items of the whole instance."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select

from modelyard import errors
from modelyard.governance.roles.types import GivenRole
from modelyard.store.database import exclusively
from modelyard.store.tables import given_roles

OF = given_roles.c


def every(db: Connection) -> list[GivenRole]:
    """All of them, in the order in which they were given."""
    return [_built(row) for row in db.execute(select(given_roles).order_by(OF.number))]


def give(db: Connection, role: GivenRole) -> GivenRole:
    """Write down that somebody has a role; once, however often it is given."""
    exclusively(db)
    for each in every(db):
        told = {"number": each.number, "given": each.given, "given_by": each.given_by}
        if role.model_copy(update=told) == each:
            return each
    number = (db.scalar(select(func.max(OF.number))) or 0) + 1
    given = role.model_copy(update={"number": number})
    row = given.model_dump() | {"values": json.dumps(given.values)}
    db.execute(insert(given_roles).values(row))
    return given


def take(db: Connection, number: int) -> None:
    """Take one back; NotFound if there is none."""
    if not db.execute(delete(given_roles).where(OF.number == number)).rowcount:
        raise errors.NotFound(
            f"no role was given as number {number}; `modelyard roles given` shows them"
        )


def forget_project(db: Connection, project: str) -> None:
    """Take back what was given in a project that is deleted."""
    db.execute(delete(given_roles).where(OF.project == project))


def _built(row: Row[Any]) -> GivenRole:
    told = {name: getattr(row, name) for name in GivenRole.model_fields}
    return GivenRole(**told | {"values": json.loads(row.values)})
