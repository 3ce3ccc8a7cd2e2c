"""How saved models and versions are found."""

from __future__ import annotations

import json
from collections.abc import Iterator

from sqlalchemy import Connection, select

from modelyard.kernel.context import Context
from modelyard.store.finding import Hit, Wanted, best
from modelyard.store.tables import models, versions


def find_models(_context: Context, db: Connection, wanted: Wanted) -> Iterator[Hit]:
    """By name and description."""
    of = models.c
    query = select(of.project, of.name, of.description)
    for row in best(db, wanted, query, name=of.name, searched=of.searched, project=of.project):
        yield Hit(row.rank, row.name, row.project, about=row.description)


def find_versions(_context: Context, db: Connection, wanted: Wanted) -> Iterator[Hit]:
    """By id, name for people and description."""
    of = versions.c
    query = select(of.project, of.model, of.version, of.summary)
    for row in best(db, wanted, query, name=of.version, searched=of.searched, project=of.project):
        said = json.loads(row.summary)
        about = said["name"] or said["description"]
        yield Hit(row.rank, row.version, row.project, row.model, about)
