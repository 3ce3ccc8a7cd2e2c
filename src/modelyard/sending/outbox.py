"""What tables of things to be sent have in common: leases, keys, and pauses after what failed.

Rows have the columns state, sending, attempts, ready, leased, ended and problem. Those that are
sent together share a key in `sending`, which the receiver gets each time that they are sent.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, func, or_, select, update

from modelyard.store.database import LOCK

SENDS = LOCK + 2
"""The lock of whoever takes something to send."""
LEASE = 180.0
"""Seconds that somebody has to send what was taken: longer than any receiver is waited for."""
FIRST_PAUSE, LONGEST_PAUSE = 30.0, 3600.0
TRIED_FOR = 86_400.0
"""Seconds of pauses after which something is given up."""


def is_due(table: Table, now: float) -> ColumnElement[bool]:
    """The condition of rows that are to be sent now, and that nobody is sending."""
    of = table.c
    free = or_(of.leased.is_(None), of.leased < now)
    return and_(of.state == "waiting", of.ready <= now, free)


def end(db: Connection, table: Table, key: str, attempt: int, values: dict[str, Any]) -> bool:
    """Write down what came of an attempt; False: the rows are somebody else's now, or gone."""
    of = table.c
    mine = and_(of.sending == key, of.attempts == attempt, of.state == "waiting")
    return bool(db.execute(update(table).where(mine).values(values)).rowcount)


def put_off(
    db: Connection, table: Table, key: str, attempt: int, now: float, problem: str, *, final: bool
) -> bool:
    """Write down that it could not be sent, and when it is tried again; `final`: it is not."""
    pause = pause_after(attempt)
    if final or pause is None:
        told = {"state": "failed", "ended": now, "problem": problem}
        return end(db, table, key, attempt, told)
    told = {"ready": now + pause, "leased": None, "problem": problem}
    return end(db, table, key, attempt, told)


def pause_after(attempt: int) -> float | None:
    """Seconds between an attempt and the next; None: it was the last one."""
    waited, pause = 0.0, FIRST_PAUSE
    for _ in range(attempt - 1):
        waited += pause
        pause = min(LONGEST_PAUSE, pause * 2)
    return pause if waited < TRIED_FOR else None


def next_moment(table: Table) -> Any:
    """A query for the moment at which the next row is to be sent."""
    of = table.c
    query = select(func.min(func.coalesce(of.leased, of.ready)))
    return query.where(of.state == "waiting")
