"""How users and groups are found."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, select

from modelyard.kernel.context import Context
from modelyard.store.finding import Hit, Wanted, best
from modelyard.store.tables import groups, users


def find_users(_context: Context, db: Connection, wanted: Wanted) -> Iterator[Hit]:
    """By both names and by address."""
    of = users.c
    query = select(of.name, of.display_name)
    for row in best(db, wanted, query, name=of.name, said=[of.display_name, of.email]):
        yield Hit(row.rank, row.name, about=row.display_name)


def find_groups(_context: Context, db: Connection, wanted: Wanted) -> Iterator[Hit]:
    """By name and description."""
    of = groups.c
    query = select(of.name, of.description)
    for row in best(db, wanted, query, name=of.name, said=[of.description]):
        yield Hit(row.rank, row.name, about=row.description)
