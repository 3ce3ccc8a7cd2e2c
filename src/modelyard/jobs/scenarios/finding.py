"""How scenarios are found."""

from __future__ import annotations

import json
from collections.abc import Iterator

from sqlalchemy import Connection, select

from modelyard.kernel.context import Context
from modelyard.store.finding import Hit, Wanted, rank_of
from modelyard.store.letters import Lowered
from modelyard.store.tables import scenarios


def find_scenarios(_context: Context, db: Connection, wanted: Wanted) -> Iterator[Hit]:
    """By name and description.

    The database looks for the words anywhere in the bodies, without reading these as JSON: one
    that is damaged stops nobody.
    """
    of = scenarios.c
    query = select(of.project, of.name, of.body)
    for word in wanted.text.lower().split():
        written = json.dumps(word, ensure_ascii=False)[1:-1]
        query = query.where(Lowered(of.body).contains(written, autoescape=True))
    if wanted.projects is not None:
        query = query.where(of.project.in_(wanted.projects))
    hits = []
    for row in db.execute(query.order_by(of.name, of.project)):
        description = _description(row.body)
        rank = rank_of(wanted, row.name, description)
        if rank is not None:
            hits.append(Hit(rank, row.name, row.project, about=description))
    hits.sort(key=lambda hit: hit.rank)
    yield from hits[: wanted.limit]


def _description(body: str) -> str:
    try:
        found = json.loads(body)
    except ValueError:
        return ""
    return str(found.get("description", "")) if isinstance(found, dict) else ""
