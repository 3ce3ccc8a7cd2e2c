"""How scenarios are found."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, select

from modelyard.kernel.context import Context
from modelyard.store.bodies import text_in
from modelyard.store.finding import Hit, Wanted, best
from modelyard.store.tables import scenarios


def find_scenarios(_context: Context, db: Connection, wanted: Wanted) -> Iterator[Hit]:
    """By name and description."""
    of = scenarios.c
    description = text_in(db, of.body, "description")
    query = select(of.project, of.name, description.label("description"))
    for row in best(db, wanted, query, name=of.name, said=[description], project=of.project):
        yield Hit(row.rank, row.name, row.project, about=row.description)
