"""How deployments are found."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, select

from modelyard.kernel.context import Context
from modelyard.store.bodies import text_in
from modelyard.store.finding import Hit, Wanted, best
from modelyard.store.tables import bundles


def find_bundles(_context: Context, db: Connection, wanted: Wanted) -> Iterator[Hit]:
    """By name and release notes."""
    of = bundles.c
    notes = text_in(db, of.summary, "notes")
    query = select(of.project, of.name, notes.label("notes"))
    for row in best(db, wanted, query, name=of.name, said=[notes], project=of.project):
        yield Hit(row.rank, row.name, row.project, about=row.notes)
