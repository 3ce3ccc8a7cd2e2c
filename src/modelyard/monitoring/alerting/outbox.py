"""What alerts are to send: one row for each alert and change, written where it is noticed.

A row is sent under a lease, with all others of its alert that are to be sent now, or that its
digest collects. They share a key, which the receiver gets each time that they are sent; it is given
once and for all when they are first sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, delete, insert, select, update

from modelyard.jobs.repository import moment, new_id
from modelyard.kernel.paging import Page, Paged
from modelyard.monitoring.alerting.repository import Kept, as_kept
from modelyard.monitoring.alerting.types import Alert, AlertMessage, Change, MessageState
from modelyard.monitoring.watching.types import STATUSES
from modelyard.sending import outbox as shared
from modelyard.sending.outbox import LEASE, SENDS, end, is_due, next_moment
from modelyard.store.database import exclusively
from modelyard.store.paging import page
from modelyard.store.tables import alert_messages as messages
from modelyard.store.tables import alerts, statuses


@dataclass(frozen=True)
class Sending:
    """What is sent together, by whoever took it."""

    key: str
    kept: Kept
    changes: tuple[Change, ...]
    attempt: int
    """The number of this attempt, without which nothing is written down of it."""


def is_told(alert: Alert, change: Change) -> bool:
    """Whether an alert tells of a change."""
    if alert.on == "unhealthy":
        place = STATUSES.index(change.after)
        if change.after not in ("warning", "error") or place <= STATUSES.index(change.before):
            return False
    if alert.on == "values" and change.after not in alert.statuses:
        return False
    if alert.infrastructure and not any(
        fnmatchcase(change.infrastructure, each) for each in alert.infrastructure
    ):
        return False
    return is_about(alert, change.kind, change.name)


def is_about(alert: Alert, kind: str, name: str) -> bool:
    """Whether an alert is about a thing."""
    if not alert.only:
        return True
    pairs = (each.partition(":") for each in alert.only)
    return any(of == kind and fnmatchcase(name, pattern or "*") for of, _, pattern in pairs)


def put(db: Connection, alert: Alert, change: Change, number: str, now: float) -> None:
    """Add a message; `number` is that of the change, of which an alert tells once."""
    ready = now + alert.digest * 60
    if alert.silence:
        told = _last(db, alert, change)
        if told is not None:
            ready = max(ready, told.ended + alert.silence * 60)
    db.execute(insert(messages).values(_row(alert, change, number, now) | {"ready": ready}))


def put_test(db: Connection, kept: Kept, change: Change, now: float) -> Sending:
    """Add a message that is tried at once, and only once: whoever adds it has taken it."""
    number = new_id(now)
    row = _row(kept.alert, change, number, now)
    taken = {"ready": now, "sending": row["id"], "attempts": 1, "leased": now + LEASE}
    db.execute(insert(messages).values(row | taken))
    return Sending(row["id"], kept, (change,), 1)


def take(db: Connection, now: float) -> Sending | None:
    """Take what is to be sent next, if it is time; nobody else takes it while the lease lasts."""
    exclusively(db, SENDS)
    query = _with_alerts().where(is_due(messages, now), alerts.c.disabled.is_(False))
    query = query.order_by(messages.c.ready, messages.c.id).limit(1)
    while (first := db.execute(query).one_or_none()) is not None:
        kept = as_kept(first)
        together = _together(db, first, kept.alert, now)
        if not together:
            continue
        key, attempt = first.sending or together[0].id, first.attempts + 1
        taken = {"sending": key, "attempts": attempt, "leased": now + LEASE}
        _change(db, [row.id for row in together], **taken)
        changes = tuple(Change.model_validate_json(row.change_body) for row in together)
        return Sending(key, kept, changes, attempt)
    return None


def settle(db: Connection, sending: Sending, now: float, problem: str = "") -> bool:
    """Write down that it was sent; False: meanwhile it was somebody else's, or deleted.

    The receiver is there: what it did not take before is sent now, too.
    """
    of, alert = messages.c, sending.kept.alert
    mine = and_(of.project == alert.project, of.alert == alert.name, of.state == "waiting")
    tried = and_(of.sending.is_not(None), of.sending != sending.key, of.leased.is_(None))
    db.execute(update(messages).where(mine, tried, of.ready > now).values(ready=now))
    told = {"state": "sent", "ended": now, "problem": problem}
    return end(db, messages, sending.key, sending.attempt, told)


def put_off(
    db: Connection, sending: Sending, now: float, problem: str, *, final: bool = False
) -> bool:
    """Write down that it could not be sent, and when it is tried again."""
    final = final or sending.changes[0].test
    key, attempt = sending.key, sending.attempt
    return shared.put_off(db, messages, key, attempt, now, problem, final=final)


def next_due(db: Connection) -> float | None:
    """When the next message is to be sent."""
    query = next_moment(messages).join_from(messages, alerts, _OF_ALERT)
    due: float | None = db.scalar(query.where(alerts.c.disabled.is_(False)))
    return due


def forget_old(db: Connection, before: float) -> None:
    """Remove messages that ended before a moment."""
    db.execute(delete(messages).where(messages.c.ended < before))


def every(
    db: Connection,
    project: str,
    asked: Paged,
    *,
    alert: str | None = None,
    state: MessageState | None = None,
) -> Page[AlertMessage]:
    """The messages of a project, the newest first."""
    query = select(messages).where(messages.c.project == project)
    if alert is not None:
        query = query.where(messages.c.alert == alert)
    if state is not None:
        query = query.where(messages.c.state == state)
    return page(db, query, [messages.c.id], asked, _message, descending=True)


def get(db: Connection, identifier: str) -> AlertMessage | None:
    """A message by its id; None if it is gone."""
    row = db.execute(select(messages).where(messages.c.id == identifier)).one_or_none()
    return None if row is None else _message(row)


_OF_ALERT = and_(messages.c.project == alerts.c.project, messages.c.alert == alerts.c.name)


def _with_alerts() -> Select[Any]:
    of = messages.c
    columns = (of.id, of.kind, of.name.label("thing"), of.sending, of.attempts, of.ready)
    change = (of.created, of.body.label("change_body"))
    return select(*columns, *change, *alerts.c).join_from(messages, alerts, _OF_ALERT)


def _together(db: Connection, first: Row[Any], alert: Alert, now: float) -> list[Row[Any]]:
    """The rows that are sent with one; those that are not worth it any more are silenced."""
    query = _with_alerts().where(messages.c.state == "waiting").order_by(messages.c.id)
    if first.sending is not None:
        return list(db.execute(query.where(messages.c.sending == first.sending)))
    soon = messages.c.ready <= now + alert.digest * 60
    mine = and_(messages.c.project == alert.project, messages.c.alert == alert.name)
    rows = list(db.execute(query.where(mine, soon, messages.c.sending.is_(None))))
    over = {row.id for row in rows if _is_over(db, row, alert)}
    _change(db, over, state="silenced", ended=now)
    return [row for row in rows if row.id not in over]


def _is_over(db: Connection, row: Row[Any], alert: Alert) -> bool:
    """Whether what was silent for a while is another status by now, or was told before."""
    if row.ready <= row.created + alert.digest * 60:
        return False
    change = Change.model_validate_json(row.change_body)
    of, project = statuses.c, change.project or alert.project
    thing = and_(of.project == project, of.kind == row.kind, of.name == row.thing)
    told = _last(db, alert, change)
    last = None if told is None else Change.model_validate_json(told.body).after
    return db.scalar(select(of.status).where(thing)) != change.after or last == change.after


def _last(db: Connection, alert: Alert, change: Change) -> Any:
    """The last message that was sent of the thing that a change is of."""
    of = messages.c
    mine = and_(of.project == alert.project, of.alert == alert.name)
    sent = and_(mine, of.kind == change.kind, of.name == change.name, of.state == "sent")
    query = select(of.ended, of.body).where(sent).order_by(of.ended.desc(), of.id.desc())
    if not alert.all_projects:
        return db.execute(query.limit(1)).one_or_none()
    for row in db.execute(query):  # things of several projects can have the same name
        if Change.model_validate_json(row.body).project == change.project:
            return row
    return None


def _row(alert: Alert, change: Change, number: str, now: float) -> dict[str, Any]:
    return {
        "id": new_id(now),
        "project": alert.project,
        "alert": alert.name,
        "kind": change.kind,
        "name": change.name,
        "change": number,
        "state": "waiting",
        "attempts": 0,
        "created": now,
        "body": change.model_dump_json(),
        "problem": "",
    }


def _change(db: Connection, ids: Sequence[str] | set[str], **values: Any) -> None:
    if ids:
        db.execute(update(messages).where(messages.c.id.in_(ids)).values(values))


def _message(row: Row[Any]) -> AlertMessage:
    change = Change.model_validate_json(row.body)
    waits = row.state == "waiting"
    return AlertMessage(
        **change.model_dump(include={"kind", "name", "before", "after", "why", "test"}),
        id=row.id,
        of_project=change.project or row.project,
        infrastructure=change.infrastructure,
        project=row.project,
        alert=row.alert,
        state=row.state,
        sending=row.sending,
        attempts=row.attempts,
        problem=row.problem,
        created=moment(row.created),
        next_try=moment(row.ready) if waits else None,
        ended=None if row.ended is None else moment(row.ended),
    )
