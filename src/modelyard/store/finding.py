"""Finding things by what they are called or what is said of them: one query over many projects."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, case, func, or_

from modelyard.store.letters import Lowered
from modelyard.store.paging import matches

CALLED, BEGINS, HOLDS, SAID = range(4)
"""How well something fits: its name is the text, begins with it, holds it; else other words fit."""


@dataclass(frozen=True)
class Wanted:
    """What is searched for, and among what."""

    text: str
    limit: int
    projects: Collection[str] | None
    """The projects whose things may be found; None: all of them."""


@dataclass(frozen=True)
class Hit:
    """Something that fits."""

    rank: int
    name: str
    project: str | None = None
    model: str | None = None
    about: str = ""
    store: str | None = None


def best(
    db: Connection,
    wanted: Wanted,
    query: Select[Any],
    *,
    name: ColumnElement[str],
    said: Sequence[ColumnElement[str]] = (),
    searched: ColumnElement[str] | None = None,
    project: ColumnElement[str] | None = None,
) -> Sequence[Row[Any]]:
    """The rows of a query that fit best, each with its `rank`.

    Every word of the text is in the name or in what is `said` of the thing, in any case; where a
    `searchable` column holds all of this, that one is asked.
    """
    called = func.lower(name)
    text = wanted.text.lower()
    for word in text.split():
        if searched is not None:
            query = query.where(matches(searched, word))
        else:
            texts = (called, *map(Lowered, said))
            query = query.where(or_(*(each.contains(word, autoescape=True) for each in texts)))
    if project is not None and wanted.projects is not None:
        query = query.where(project.in_(wanted.projects))
    rank = case(
        (called == text, CALLED),
        (called.startswith(text, autoescape=True), BEGINS),
        (called.contains(text, autoescape=True), HOLDS),
        else_=SAID,
    )
    order = [rank, name] if project is None else [rank, name, project]
    return db.execute(
        query.add_columns(rank.label("rank")).order_by(*order).limit(wanted.limit)
    ).all()


def best_by_bodies(
    db: Connection, wanted: Wanted, query: Select[Any], said: Callable[[dict[str, Any]], str]
) -> list[tuple[int, Row[Any], dict[str, Any]]]:
    """The rows that fit best, of things of which all but the name stands in a JSON body.

    The database looks for the words anywhere in the bodies, without reading these as JSON: one
    that is damaged stops nobody.

    Args:
        db: an open transaction.
        wanted: what is searched for.
        query: of `project`, `name` and `body`.
        said: what is said of a thing, from its body; of a damaged one that is empty.

    Returns:
        Rank, row and body of each.
    """
    of = query.selected_columns
    for word in wanted.text.lower().split():
        written = json.dumps(word, ensure_ascii=False)[1:-1]
        query = query.where(Lowered(of.body).contains(written, autoescape=True))
    if wanted.projects is not None:
        query = query.where(of.project.in_(wanted.projects))
    found = []
    for row in db.execute(query.order_by(of.name, of.project)):
        body = _read(row.body)
        rank = rank_of(wanted, row.name, said(body))
        if rank is not None:
            found.append((rank, row, body))
    return sorted(found, key=lambda each: each[0])[: wanted.limit]


def rank_of(wanted: Wanted, name: str, said: str) -> int | None:
    """How well one thing fits, outside of the database; None: it does not."""
    text, called = wanted.text.lower(), name.lower()
    if not all(word in called or word in said.lower() for word in text.split()):
        return None
    if called == text:
        return CALLED
    if called.startswith(text):
        return BEGINS
    return HOLDS if text in called else SAID


def _read(body: str) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
