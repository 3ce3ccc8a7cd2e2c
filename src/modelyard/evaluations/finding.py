"""How evaluations are found."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, select

from modelyard.kernel.context import Context
from modelyard.store.finding import Hit, Wanted, best
from modelyard.store.tables import evaluations


def find_evaluations(_context: Context, db: Connection, wanted: Wanted) -> Iterator[Hit]:
    """By id, saved model, version and dataset."""
    of = evaluations.c
    query = select(of.project, of.id, of.model, of.version, of.dataset)
    said = [of.model, of.version, of.dataset]
    for row in best(db, wanted, query, name=of.id, said=said, project=of.project):
        about = f"{row.model} {row.version} on {row.dataset}"
        yield Hit(row.rank, row.id, row.project, about=about)
