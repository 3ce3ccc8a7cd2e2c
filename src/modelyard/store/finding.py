"""Finding things by what they are called or what is said of them: one query over many projects."""

from __future__ import annotations

from collections.abc import Collection, Sequence
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


def rank_of(wanted: Wanted, name: str, said: str) -> int | None:
    """The same of one thing, outside of the database; None: it does not fit."""
    text, called = wanted.text.lower(), name.lower()
    if not all(word in called or word in said.lower() for word in text.split()):
        return None
    if called == text:
        return CALLED
    if called.startswith(text):
        return BEGINS
    return HOLDS if text in called else SAID
