"""Rows of statuses, as they were when somebody last looked."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, select

from modelyard.jobs.repository import moment
from modelyard.monitoring.watching.types import Status, ThingStatus
from modelyard.store.database import upsert
from modelyard.store.tables import statuses

Key = tuple[str, str, str]
"""Project, kind and name of a thing."""


def key_of(thing: ThingStatus) -> Key:
    """The key of a thing."""
    return thing.project, thing.kind, thing.name


def seen(db: Connection) -> dict[Key, Row[Any]]:
    """Every status that was seen."""
    return {(row.project, row.kind, row.name): row for row in db.execute(select(statuses))}


def keep(db: Connection, thing: ThingStatus, number: str, now: float) -> None:
    """Write down how a thing is from now on; `number` is that of the change."""
    project, kind, name = key_of(thing)
    values = {"status": thing.status, "since": now, "change": number}
    key = {"project": project, "kind": kind, "name": name}
    db.execute(upsert(db, statuses, {**key, **values}, values))


def forget(db: Connection, keys: Iterable[Key]) -> None:
    """Forget things that are gone."""
    of = statuses.c
    for project, kind, name in keys:
        db.execute(delete(statuses).where(of.project == project, of.kind == kind, of.name == name))


def forget_project(db: Connection, project: str) -> None:
    """Forget all of a project."""
    db.execute(delete(statuses).where(statuses.c.project == project))


def dated(db: Connection, things: Iterable[ThingStatus]) -> list[ThingStatus]:
    """Things with the moment since which they are so, where somebody saw them become so."""
    known = seen(db)
    return [_dated(thing, known.get(key_of(thing))) for thing in things]


def since_when(
    row: Row[Any] | None, status: Status, known: datetime | None = None
) -> datetime | None:
    """Since when a thing is so, by the row of what was seen, and by what is known besides."""
    if row is None or row.status != status or status == "none":
        return known
    since = moment(row.since)
    return since if known is None else min(known, since)


def _dated(thing: ThingStatus, row: Row[Any] | None) -> ThingStatus:
    since = since_when(row, thing.status, thing.since)
    return thing if since == thing.since else thing.model_copy(update={"since": since})
