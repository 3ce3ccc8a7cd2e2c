"""Which workers there are: each gives a sign of life, in a row of its own."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, delete, func, or_, select

from modelyard.jobs.repository import moment
from modelyard.jobs.types import WorkerSeen
from modelyard.store.clock import DatabaseNow, database_now
from modelyard.store.database import upsert
from modelyard.store.tables import jobs, workers

SHOWS_EVERY = 5.0
"""Seconds between two signs of life."""
SILENT_AFTER = 30.0
"""Seconds without one after which a worker counts as gone."""
FORGOTTEN_AFTER = 3600.0
"""Seconds for which it is still listed then, since somebody may ask what became of it."""


def show(db: Connection, name: str, *, slots: int, queues: Sequence[str]) -> None:
    """Give a sign of life, and forget workers that gave none for long."""
    now = database_now(db)
    row = {
        "name": name,
        "host": os.uname().nodename[:255],
        "pid": os.getpid(),
        "slots": slots,
        "queues": json.dumps(list(queues)),
        "since": now,
        "seen": now,
    }
    db.execute(upsert(db, workers, row, {"seen": now}))
    long_ago = workers.c.seen < now - FORGOTTEN_AFTER
    to_come = workers.c.seen > now + FORGOTTEN_AFTER  # before the clock was put back
    db.execute(delete(workers).where(or_(long_ago, to_come)))


def leave(db: Connection, name: str) -> None:
    """Be gone on purpose."""
    db.execute(delete(workers).where(workers.c.name == name))


def is_anybody_here(db: Connection) -> bool:
    """Whether there is a worker, which does what is due beside its jobs."""
    lives = func.abs(DatabaseNow() - workers.c.seen) < SILENT_AFTER
    return db.scalar(select(workers.c.name).where(lives).limit(1)) is not None


def every(db: Connection, seen: ColumnElement[bool] | None) -> list[WorkerSeen]:
    """The workers, the longest there first, with those of their jobs that may be `seen`."""
    running = select(jobs.c.worker, jobs.c.id).where(jobs.c.state == "running").order_by(jobs.c.id)
    held: dict[str, list[str]] = {}
    for row in db.execute(running if seen is None else running.where(seen)):
        held.setdefault(row.worker, []).append(row.id)
    age = DatabaseNow() - workers.c.seen
    query = select(workers, age.label("age")).order_by(workers.c.since, workers.c.name)
    return [
        WorkerSeen(
            name=row.name,
            host=row.host,
            pid=row.pid,
            lives=abs(row.age) < SILENT_AFTER,
            since=moment(row.since),
            seen=moment(row.seen),
            slots=row.slots,
            queues=tuple(json.loads(row.queues)),
            jobs=tuple(held.get(row.name, ())),
        )
        for row in db.execute(query)
    ]
