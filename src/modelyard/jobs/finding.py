"""How jobs are found: the latest of them, by id and by what they are about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, Select, select

from modelyard.jobs import repository
from modelyard.jobs.titles import title_of
from modelyard.kernel.context import Context
from modelyard.store.finding import Hit, Wanted, rank_of
from modelyard.store.tables import jobs

LATEST = 200


def find_jobs(context: Context, db: Connection, wanted: Wanted) -> Iterator[Hit]:
    """By id, by what it does, and by its command and what that is given by position.

    The database does not compare: arguments may hold passwords, which nobody is to guess letter by
    letter.
    """
    of = jobs.c
    query: Select[Any] = select(of.id, of.project, of.command, of.arguments, of.state)
    if wanted.projects is not None:
        query = query.where(repository.seen_by(context.identity.name, wanted.projects))
    hits = []
    for row in db.execute(query.order_by(of.id.desc()).limit(LATEST)):
        given = repository.told_arguments(row, context.commands)
        title = title_of(row.command, given, context.commands)
        rank = rank_of(wanted, row.id, f"{title} {_words(context, row.command, given)}")
        if rank is not None:
            hits.append(Hit(rank, row.id, row.project, about=f"{title}, {row.state}"))
    hits.sort(key=lambda hit: hit.rank)
    yield from hits[: wanted.limit]


def _words(context: Context, name: str, given: Mapping[str, Any]) -> str:
    """A job's command with its arguments by position."""
    command = context.commands.get(name)
    names = () if command is None else command.arguments
    words = [str(given[name]) for name in names if given.get(name) is not None]
    return " ".join([name.replace(".", " "), *words])
