"""Rows of notifications, and of how far was looked for what is to be told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, func, insert, select, update

from modelyard.governance.notifying.types import Notification, Told
from modelyard.governance.notifying.wording import sentence
from modelyard.jobs.repository import moment, new_id
from modelyard.kernel.paging import Page, Paged
from modelyard.store.database import LOCK, upsert
from modelyard.store.paging import page
from modelyard.store.tables import (
    governed_items,
    notification_marks,
    notification_messages,
    notifications,
)

NOTICES = LOCK + 3
"""The lock of whoever writes down what is to be told."""
OF = notifications.c


def mark(db: Connection, name: str) -> int:
    """How far was looked; 0: not at all."""
    of = notification_marks.c
    return db.scalar(select(of.number).where(of.name == name)) or 0


def put_mark(db: Connection, name: str, number: int) -> None:
    """Write down how far was looked."""
    row = {"name": name, "number": number}
    db.execute(upsert(db, notification_marks, row, {"number": number}))


def add(db: Connection, user: str | None, told: Told, change: str, now: float) -> str | None:
    """Add a notification, and give its id; None: they were told of this change already."""
    mine = (OF.user == user if user else OF.user.is_(None), OF.item == told.item)
    if db.scalar(select(OF.id).where(*mine, OF.change == change)) is not None:
        return None
    made = new_id(now)
    row = {
        "id": made,
        "user": user,
        "item": told.item,
        "step": told.step,
        "kind": told.kind,
        "change": change,
        "body": told.model_dump_json(),
        "created": now,
    }
    db.execute(insert(notifications).values(row))
    return made


def are_told(db: Connection, item: str, change: str) -> bool:
    """Whether anybody was told of a change of an item."""
    mine = (OF.item == item, OF.change == change)
    return db.scalar(select(OF.id).where(*mine).limit(1)) is not None


def last_asked(db: Connection) -> dict[tuple[str, str, str], float]:
    """When users were last told that they are asked, by user, item and step."""
    asking = OF.kind.in_(("asked", "delegated", "reminder"))
    query = select(OF.user, OF.item, OF.step, func.max(OF.created).label("last"))
    query = query.where(asking, OF.user.is_not(None)).group_by(OF.user, OF.item, OF.step)
    return {(row.user, row.item, row.step): row.last for row in db.execute(query)}


def of_user(
    db: Connection, user: str, seen: ColumnElement[bool], asked: Paged, *, unread: bool
) -> Page[Notification]:
    """What a user was told of items that meet a condition, the newest first."""
    query = _of(user, seen)
    if unread:
        query = query.where(OF.read.is_(None))
    return page(db, query, [OF.id], asked, built, descending=True)


def latest(
    db: Connection, user: str, seen: ColumnElement[bool], most: int
) -> tuple[int, list[Notification]]:
    """How much a user has not read, and the newest of what they were told, in one query."""
    waits = (
        select(func.count())
        .select_from(notifications)
        .where(OF.user == user, OF.read.is_(None), OF.item.in_(_seen(seen)))
        .scalar_subquery()
    )
    query = _of(user, seen).add_columns(waits.label("unread"))
    rows = db.execute(query.order_by(OF.id.desc()).limit(most)).all()
    return (rows[0].unread if rows else 0), [built(row) for row in rows]


def read(db: Connection, user: str, ids: Sequence[str], now: float) -> None:
    """Mark a user's notifications as read: some, or all."""
    mine = [OF.user == user, OF.read.is_(None)]
    if ids:
        mine.append(OF.id.in_(ids))
    db.execute(update(notifications).where(*mine).values(read=now))


def unknown(db: Connection, user: str, ids: Iterable[str]) -> list[str]:
    """Those of some ids that no notification of a user has."""
    known = set(db.scalars(select(OF.id).where(OF.user == user, OF.id.in_(list(ids)))))
    return [each for each in ids if each not in known]


def forget_old(db: Connection, before: float) -> None:
    """Remove notifications of which was told before a moment, with what is sent of them."""
    old = select(OF.id).where(OF.created < before)
    of = notification_messages.c
    db.execute(delete(notification_messages).where(of.notification.in_(old)))
    db.execute(delete(notifications).where(OF.created < before))


def built(row: Row[Any]) -> Notification:
    """A notification of its row."""
    told = Told.model_validate_json(row.body)
    return Notification(
        **dict(told),
        id=row.id,
        text=sentence(told),
        created=moment(row.created),
        read=row.read is not None,
    )


def _of(user: str, seen: ColumnElement[bool]) -> Any:
    columns = (OF.id, OF.body, OF.created, OF.read)
    return select(*columns).where(OF.user == user, OF.item.in_(_seen(seen)))


def _seen(seen: ColumnElement[bool]) -> Any:
    return select(governed_items.c.id).where(seen)
