"""Rows of alerts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from modelyard import errors
from modelyard.kernel.paging import Page, Paged
from modelyard.monitoring.alerting.types import Alert
from modelyard.store.paging import page
from modelyard.store.tables import alerts


@dataclass(frozen=True)
class Kept:
    """An alert with what nobody is shown."""

    alert: Alert
    address: str
    """Of its webhook; empty for mail."""
    secret: str
    """That signs; empty but for signed webhooks."""


def add(db: Connection, kept: Kept) -> None:
    """Insert an alert; Conflict if its name is taken."""
    alert = kept.alert
    try:
        row = {"project": alert.project, "name": alert.name, **_columns(kept)}
        db.execute(insert(alerts).values(row))
    except IntegrityError as exc:
        raise errors.Conflict(
            f"there is an alert {alert.name!r} already; take another name", field="name"
        ) from exc


def get(db: Connection, project: str, name: str, *, lock: bool = False) -> Kept:
    """Look an alert up; NotFound if there is none."""
    query = select(alerts).where(*_is(project, name))
    row = db.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        known = db.scalars(select(alerts.c.name).where(alerts.c.project == project))
        raise errors.NotFound.among("alert", name, known)
    return as_kept(row)


def every(db: Connection, project: str, asked: Paged) -> Page[Alert]:
    """The alerts of a project by name."""
    query = select(alerts).where(alerts.c.project == project)
    return page(db, query, [alerts.c.name], asked, lambda row: as_kept(row).alert)


def at_work(db: Connection, project: str) -> list[Alert]:
    """The alerts of a project that are not disabled."""
    query = select(alerts).where(alerts.c.project == project, alerts.c.disabled.is_(False))
    return [as_kept(row).alert for row in db.execute(query.order_by(alerts.c.name))]


def at_work_elsewhere(db: Connection) -> list[Alert]:
    """The alerts that tell of what is deployed from every project, and are not disabled."""
    query = select(alerts).where(alerts.c.disabled.is_(False))
    found = (as_kept(row).alert for row in db.execute(query.order_by(*alerts.primary_key)))
    return [each for each in found if each.all_projects]


def save(db: Connection, kept: Kept) -> None:
    """Write down what an alert is now."""
    mine = _is(kept.alert.project, kept.alert.name)
    db.execute(update(alerts).where(*mine).values(_columns(kept)))


def remove(db: Connection, project: str, name: str | None = None) -> None:
    """Delete an alert with its messages, or all of a project."""
    db.execute(delete(alerts).where(*_is(project, name)))


def as_kept(row: Row[Any]) -> Kept:
    """A row as an alert."""
    return Kept(Alert.model_validate_json(row.body), row.address, row.secret)


def _columns(kept: Kept) -> dict[str, Any]:
    return {
        "address": kept.address,
        "secret": kept.secret,
        "disabled": kept.alert.disabled,
        "body": kept.alert.model_dump_json(),
    }


def _is(project: str, name: str | None) -> tuple[Any, ...]:
    mine = alerts.c.project == project
    return (mine,) if name is None else (mine, alerts.c.name == name)
