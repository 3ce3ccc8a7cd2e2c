"""How often somebody may try to sign in: counted in the database, whichever server they ask."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, case, delete, or_, select, update

from modelyard import errors
from modelyard.kernel.values import now
from modelyard.store.database import upsert
from modelyard.store.tables import login_failures

WINDOW = timedelta(minutes=15)
SKEW = timedelta(minutes=5)


@dataclass(frozen=True)
class Limit:
    """How many failures of one subject are taken within the window."""

    subject: str
    failures: int


def limits_of(name: str, address: str) -> tuple[Limit, ...]:
    """What is counted: one's guesses at a name, one's guesses at all, everybody's at a name."""
    return (
        Limit(f"both {address} {name}", 5),
        Limit(f"address {address}", 50),
        Limit(f"name {name}", 50),
    )


def count_attempt(db: Connection, name: str, address: str) -> None:
    """Count an attempt as failed before it is looked at, so that many at once are all counted.

    Raises:
        Unavailable: there were too many; the context says in how many seconds to try again.
    """
    at = now()
    for limit in limits_of(name, address):
        failures, since = _count(db, limit, at)
        if failures > limit.failures:
            wait = max(1, round((since + WINDOW - at).total_seconds()))
            raise errors.Unavailable(
                f"too many failed attempts to sign in; try again in {wait // 60 + 1} minutes",
                retry_after=wait,
            )


def forgive(db: Connection, name: str, address: str) -> None:
    """Forget the failures of somebody who has signed in; what an address did elsewhere stays."""
    both, elsewhere, everybody = limits_of(name, address)
    rows = login_failures.c
    for limit in (both, everybody):
        db.execute(delete(login_failures).where(rows.subject == _key(limit)))
    counted = update(login_failures).where(rows.subject == _key(elsewhere), rows.failures > 0)
    db.execute(counted.values(failures=rows.failures - 1))  # this attempt was none
    old = select(rows.subject).where(rows.since < now() - WINDOW).limit(1000)
    held = old.with_for_update(skip_locked=True)  # who counts one right now keeps it
    db.execute(delete(login_failures).where(rows.subject.in_(held)))


def _count(db: Connection, limit: Limit, at: datetime) -> tuple[int, datetime]:
    rows = login_failures.c
    # A count from the future was made before the clock was set back: it would never end. Those of
    # servers whose clocks differ a little are counted.
    over = or_(rows.since < at - WINDOW, rows.since > at + SKEW)
    query = upsert(
        db,
        login_failures,
        {"subject": _key(limit), "failures": 1, "since": at},
        {
            "failures": case((over, 1), else_=rows.failures + 1),
            "since": case((over, at), else_=rows.since),
        },
    ).returning(rows.failures, rows.since)
    row = db.execute(query).one()
    return row.failures, row.since


def _key(limit: Limit) -> str:
    return hashlib.sha256(limit.subject.encode("utf-8", "surrogatepass")).hexdigest()
