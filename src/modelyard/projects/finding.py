"""How projects are found."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, select

from modelyard.kernel.context import Context
from modelyard.store.finding import Hit, Wanted, best
from modelyard.store.tables import projects


def find_projects(_context: Context, db: Connection, wanted: Wanted) -> Iterator[Hit]:
    """By key and description."""
    key, description = projects.c.key, projects.c.description
    query = select(key, description)
    for row in best(db, wanted, query, name=key, said=[description], project=key):
        yield Hit(row.rank, row.key, about=row.description)
