"""How scenarios are found."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, select

from modelyard.kernel.context import Context
from modelyard.store.finding import Hit, Wanted, best_by_bodies
from modelyard.store.tables import scenarios


def find_scenarios(_context: Context, db: Connection, wanted: Wanted) -> Iterator[Hit]:
    """By name and description."""
    of = scenarios.c
    query = select(of.project, of.name, of.body)
    for rank, row, body in best_by_bodies(db, wanted, query, _description):
        yield Hit(rank, row.name, row.project, about=_description(body))


def _description(body: dict[str, Any]) -> str:
    return str(body.get("description", ""))
