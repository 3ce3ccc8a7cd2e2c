"""How connections and datasets are found."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection as Database
from sqlalchemy import select

from modelyard.data.repository import Known
from modelyard.data.types import Connection
from modelyard.kernel.context import Context
from modelyard.store.finding import Hit, Wanted, best
from modelyard.store.tables import connections, datasets


def find_datasets(_context: Context, db: Database, wanted: Wanted) -> Iterator[Hit]:
    """By name."""
    of = datasets.c
    query = select(of.project, of.name, of.body)
    for row in best(db, wanted, query, name=of.name, project=of.project):
        found = Known.model_validate_json(row.body).dataset
        yield Hit(row.rank, row.name, row.project, about=found.location)


def find_connections(_context: Context, db: Database, wanted: Wanted) -> Iterator[Hit]:
    """By name."""
    of = connections.c
    query = select(of.project, of.name, of.body)
    for row in best(db, wanted, query, name=of.name, project=of.project):
        kind = Connection.model_validate_json(row.body).kind
        yield Hit(row.rank, row.name, row.project, about=kind)
