"""Who runs which job: leases by the database's clock, numbered so that who lost one is fenced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    and_,
    case,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from modelyard.store.clock import DatabaseNow, database_now
from modelyard.store.database import CLAIMS, exclusively
from modelyard.store.tables import job_lines, jobs, scenarios

NEVER = 1 << 30


@dataclass(frozen=True)
class Printed:
    """Lines to be added to a log; `last` is the number of the last one."""

    last: int = 0
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outlook:
    """What there is for a worker to do, and when there will be more."""

    ready: bool
    """A job may be claimable."""
    soon: float | None
    """Seconds until a waiting job becomes ready."""
    due: float | None
    """Seconds until a schedule fires; not above 0: it is time."""
    cancelled: tuple[str, ...]
    """Jobs of this worker that are to be cancelled."""


def outlook(db: Connection, worker: str, queues: Sequence[str]) -> Outlook:
    """Look, without claiming anything."""
    now = DatabaseNow()
    waiting = and_(jobs.c.state == "queued", _in(queues))
    ready = exists().where(waiting, jobs.c.ready <= now)
    soon = select(func.min(jobs.c.ready) - now).where(waiting, jobs.c.ready > now)
    due = select(func.min(scenarios.c.due) - now)
    row = db.execute(select(ready, soon.scalar_subquery(), due.scalar_subquery())).one()
    mine = and_(jobs.c.worker == worker, jobs.c.state == "running")
    cancelled = db.scalars(select(jobs.c.id).where(mine, jobs.c.cancelled_by.is_not(None)))
    return Outlook(bool(row[0]), row[1], row[2], tuple(cancelled))


def claim(
    db: Connection, worker: str, *, seconds: float, queues: Sequence[str], limits: Mapping[str, int]
) -> Row[Any] | None:
    """Lease the oldest job that may run now, if there is one.

    Nobody else claims at the same time, so that limits and exclusive keys are strict.
    """
    exclusively(db, CLAIMS)
    running = jobs.alias("running")
    is_running = running.c.state == "running"
    may_run = [jobs.c.state == "queued", jobs.c.ready <= DatabaseNow(), _in(queues)]
    if limits:
        most = case(dict(limits), value=running.c.queue, else_=NEVER)
        full = select(running.c.queue).where(is_running).group_by(running.c.queue)
        may_run.append(jobs.c.queue.not_in(full.having(func.count() >= most)))
    held = select(running.c.exclusive).where(is_running, running.c.exclusive.is_not(None))
    may_run.append(or_(jobs.c.exclusive.is_(None), jobs.c.exclusive.not_in(held)))
    oldest = select(jobs.c.id).where(*may_run).order_by(jobs.c.id).limit(1)
    return db.execute(
        update(jobs)
        .where(jobs.c.id == oldest.with_for_update(skip_locked=True).scalar_subquery())
        .values(
            state="running",
            worker=worker,
            attempt=jobs.c.attempt + 1,
            lease=jobs.c.lease + 1,
            lease_until=DatabaseNow() + seconds,
            started=DatabaseNow(),
            fraction=None,
            rows=None,
        )
        .returning(*jobs.c)
    ).one_or_none()


def beat(db: Connection, worker: str, seconds: float) -> dict[str, int]:
    """Renew the leases of a worker's jobs; gives those it still has, with their numbers."""
    renewed = (
        update(jobs)
        .where(jobs.c.worker == worker, jobs.c.state == "running")
        .values(lease_until=DatabaseNow() + seconds)
        .returning(jobs.c.id, jobs.c.lease)
    )
    return {row.id: row.lease for row in db.execute(renewed)}


def lapsed(db: Connection, longest: float) -> list[tuple[str, int, float]]:
    """Running jobs whose lease ran out: id, number, moment.

    One that ends further ahead than any lease lasts was made before the clock was put back.
    """
    now = DatabaseNow()
    out = or_(
        jobs.c.lease_until.is_(None), jobs.c.lease_until < now, jobs.c.lease_until > now + longest
    )
    query = select(jobs.c.id, jobs.c.lease, jobs.c.lease_until)
    rows = db.execute(query.where(jobs.c.state == "running", out))
    return [(row.id, row.lease, row.lease_until) for row in rows]


def found(db: Connection, job_id: str, lease: int) -> Row[Any] | None:
    """The row of a job as long as this lease is the one that counts."""
    return db.execute(select(jobs).where(is_mine(job_id, lease))).one_or_none()


def held(db: Connection, job_id: str, lease: int) -> Row[Any] | None:
    """The same, and nobody else changes the row until the transaction ends."""
    return db.execute(select(jobs).where(is_mine(job_id, lease)).with_for_update()).one_or_none()


def report(
    db: Connection, job_id: str, lease: int, *, said: Mapping[str, Any], printed: Printed, keep: int
) -> bool:
    """Write down how far a job is and what it printed; False: the lease is somebody else's."""
    changes = {**said, "lines": printed.last} if printed.lines else dict(said)
    if not db.execute(update(jobs).where(is_mine(job_id, lease)).values(changes)).rowcount:
        return False
    add_lines(db, job_id, printed, keep)
    return True


def add_lines(db: Connection, job_id: str, printed: Printed, keep: int) -> None:
    """Add lines to a log, and forget its first ones where it has more than it keeps."""
    if not printed.lines:
        return
    lines, now = printed.lines[-keep:], database_now(db)
    first = printed.last - len(lines) + 1
    rows = [
        {"job": job_id, "line": first + number, "at": now, "text": text}
        for number, text in enumerate(lines)
    ]
    db.execute(insert(job_lines), rows)
    if printed.last > keep:
        gone = and_(job_lines.c.job == job_id, job_lines.c.line <= printed.last - keep)
        db.execute(delete(job_lines).where(gone))


def _in(queues: Sequence[str]) -> ColumnElement[bool]:
    return jobs.c.queue.in_(queues) if queues else jobs.c.queue.is_not(None)


def is_mine(job_id: str, lease: int) -> ColumnElement[bool]:
    """Of the row of a job as long as this lease is the one that counts."""
    return and_(jobs.c.id == job_id, jobs.c.lease == lease, jobs.c.state == "running")
