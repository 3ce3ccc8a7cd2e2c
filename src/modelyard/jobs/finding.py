"""How jobs are found: the latest of them, by id and by what they are about."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from modelyard.jobs import repository
from modelyard.kernel.context import Context
from modelyard.store.finding import Hit, Wanted, rank_of
from modelyard.store.tables import jobs

LATEST = 200


def find_jobs(context: Context, db: Connection, wanted: Wanted) -> Iterator[Hit]:
    """By id, command and what it is given by position.

    The database does not compare: arguments may hold passwords, which nobody is to guess letter by
    letter.
    """
    of = jobs.c
    query: Select[Any] = select(of.id, of.project, of.command, of.arguments, of.state)
    if wanted.projects is not None:
        query = query.where(repository.seen_by(context.identity.name, wanted.projects))
    hits = []
    for row in db.execute(query.order_by(of.id.desc()).limit(LATEST)):
        what = _what(context, row)
        rank = rank_of(wanted, row.id, what)
        if rank is not None:
            hits.append(Hit(rank, row.id, row.project, about=f"{what}, {row.state}"))
    hits.sort(key=lambda hit: hit.rank)
    yield from hits[: wanted.limit]


def _what(context: Context, row: Row[Any]) -> str:
    """A job's command with its arguments by position, as far as they may be told."""
    command = context.commands.get(row.command)
    given = repository.told_arguments(row, context.commands)
    names = () if command is None else command.arguments
    words = [str(given[name]) for name in names if given.get(name) is not None]
    return " ".join([row.command.replace(".", " "), *words])
