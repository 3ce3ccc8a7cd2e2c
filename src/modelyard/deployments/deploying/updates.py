"""Rows of updates: who carries one out is its holder, as long as they give signs of life."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from modelyard import errors
from modelyard.deployments.deploying.types import DeploymentUpdate, KeptUpdate, RunningUpdate
from modelyard.kernel.context import Context
from modelyard.kernel.paging import Page, Paged
from modelyard.store.clock import DatabaseNow, database_now
from modelyard.store.paging import page
from modelyard.store.tables import deployment_updates

LOOKS_EVERY = 0.5
"""Seconds between two looks at whether whoever carries an update out gives a sign of life."""


@dataclass(frozen=True)
class Held:
    """An update that this process carries out."""

    update: KeptUpdate
    holder: str


def newest(db: Connection, project: str, deployment: str) -> KeptUpdate | None:
    """The newest update of a deployment, if there is one."""
    of = deployment_updates.c
    query = _of(project, deployment).order_by(of.number.desc()).limit(1)
    row = db.execute(query).one_or_none()
    return None if row is None else built(row)


def every(db: Connection, project: str, deployment: str, asked: Paged) -> Page[DeploymentUpdate]:
    """The updates of a deployment, the newest first, without their logs."""

    def short(row: Row[Any]) -> DeploymentUpdate:
        return built(row).told().model_copy(update={"log": ()})

    by = [deployment_updates.c.number]
    return page(db, _of(project, deployment), by, asked, short, descending=True)


def get(db: Connection, project: str, deployment: str, number: int) -> KeptUpdate:
    """One update with its log; NotFound if there is none."""
    query = _of(project, deployment).where(deployment_updates.c.number == number)
    row = db.execute(query).one_or_none()
    if row is None:
        raise errors.NotFound(
            f"{deployment} has no update {number}; see: deployments history {deployment}",
            number=number,
        )
    return built(row)


def succeeded(db: Connection, project: str, deployment: str) -> list[KeptUpdate]:
    """The updates that brought something about, the oldest first."""
    of = deployment_updates.c
    query = _of(project, deployment).where(of.state == "succeeded").order_by(of.number)
    return [built(row) for row in db.execute(query)]


def reached_nothing(db: Connection, project: str, deployment: str, lease: float) -> bool:
    """Whether no update of a deployment got as far as its places, and none is on its way."""
    if running(db, project, deployment, lease) is not None:
        return False
    found = [built(row) for row in db.execute(_of(project, deployment))]
    return not any(each.places or each.before for each in found)


def running(db: Connection, project: str, deployment: str, lease: float) -> RunningUpdate | None:
    """The update that somebody carries out at the moment, if anybody does."""
    row = _unended(db, project, deployment)
    if row is None or database_now(db) - row.beaten > lease:
        return None
    found = built(row)
    return RunningUpdate(
        number=found.number, kind=found.kind, actor=found.actor, started=found.started
    )


def begin(db: Connection, new: KeptUpdate, lease: float) -> Held:
    """Write an update down as running, held by this process.

    One that was broken off half-way ends with that; what it found before it changed anything is
    what the new one goes back to. The row of the deployment is locked by the caller.

    Raises:
        Conflict: somebody else is updating it; the message says who.
    """
    row = _unended(db, new.project, new.deployment)
    if row is not None:
        found = built(row)
        if database_now(db) - row.beaten <= lease:
            raise taken(found)
        end(db, found.model_copy(update={"state": "broken_off", "ended": new.started}))
    last = newest(db, new.project, new.deployment)
    if last is not None:
        before = last.before if last.state == "broken_off" else {}
        new = new.model_copy(update={"number": last.number + 1, "before": before})
    holder = secrets.token_hex(16)
    key = {"project": new.project, "deployment": new.deployment, "number": new.number}
    db.execute(
        insert(deployment_updates).values(
            **key,
            state="running",
            holder=holder,
            beaten=DatabaseNow(),
            body=new.model_dump_json(),
        )
    )
    return Held(new, holder)


def wait_for_silence(context: Context, project: str, deployment: str) -> None:
    """Wait until it is clear whether whoever holds an unfinished update is alive.

    Raises:
        Conflict: they are; the message says who.
    """
    lease = context.settings.deployments.lease
    seen: float | None = None
    while True:
        with context.read() as db:
            row = _unended(db, project, deployment)
            if row is None or database_now(db) - row.beaten > lease:
                return
        if seen is not None and row.beaten != seen:
            raise taken(built(row))
        seen = row.beaten
        time.sleep(LOOKS_EVERY)


def beat(db: Connection, held: Held, changed: KeptUpdate) -> bool:
    """Give a sign of life and keep what was done so far; False: somebody else took over."""
    of = deployment_updates.c
    result = db.execute(
        update(deployment_updates)
        .where(*_is(changed), of.holder == held.holder, of.state == "running")
        .values(beaten=DatabaseNow(), body=changed.model_dump_json())
    )
    return result.rowcount == 1


def end(db: Connection, ended: KeptUpdate) -> None:
    """Write down how an update ended."""
    db.execute(
        update(deployment_updates)
        .where(*_is(ended))
        .values(state=ended.state, holder=None, beaten=None, body=ended.model_dump_json())
    )


def holds(db: Connection, held: Held) -> bool:
    """Whether this process still is who carries an update out."""
    of = deployment_updates.c
    return db.scalar(select(of.holder).where(*_is(held.update))) == held.holder


def taken(found: KeptUpdate) -> errors.Conflict:
    """The error for somebody who comes second."""
    return errors.Conflict(
        f"{found.actor} is changing {found.deployment} since {found.started:%H:%M:%S} UTC (update "
        f"{found.number}: {found.kind}); wait for it, and look at what it did: deployments log "
        f"{found.deployment} {found.number}",
        actor=found.actor,
        number=found.number,
    )


def built(row: Row[Any]) -> KeptUpdate:
    """A row as an update."""
    return KeptUpdate.model_validate_json(row.body)


def _unended(db: Connection, project: str, deployment: str) -> Row[Any] | None:
    query = _of(project, deployment).where(deployment_updates.c.state == "running")
    return db.execute(query).one_or_none()


def _of(project: str, deployment: str) -> Any:
    of = deployment_updates.c
    return select(deployment_updates).where(of.project == project, of.deployment == deployment)


def _is(of_update: KeptUpdate) -> tuple[Any, ...]:
    of = deployment_updates.c
    return (
        of.project == of_update.project,
        of.deployment == of_update.deployment,
        of.number == of_update.number,
    )
