"""How services are found."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, select

from modelyard.kernel.context import Context
from modelyard.store.finding import Hit, Wanted, best
from modelyard.store.tables import services


def find_services(_context: Context, db: Connection, wanted: Wanted) -> Iterator[Hit]:
    """By name and description."""
    of = services.c
    query = select(of.project, of.name, of.description)
    for row in best(db, wanted, query, name=of.name, said=[of.description], project=of.project):
        yield Hit(row.rank, row.name, row.project, about=row.description)
