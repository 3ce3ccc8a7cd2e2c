"""What governance is told of projects."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, select

from modelyard.governance.items.facts import Asked, Fact
from modelyard.governance.items.ids import id_of
from modelyard.kernel.context import Context
from modelyard.store.tables import projects


def facts(_context: Context, db: Connection, asked: Asked) -> Iterator[Fact]:
    """Each project with its description."""
    of = projects.c
    query = asked.within(select(of.key, of.description, of.created), "project", of.key)
    for row in () if query is None else db.execute(query):
        body = {"description": row.description, "created": row.created.isoformat()}
        yield Fact(id_of("project", row.key), "project", body)
