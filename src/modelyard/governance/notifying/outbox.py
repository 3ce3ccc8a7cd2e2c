"""What is to be sent of notifications: a row for each of them and each way.

Rows of one user and way are collected, and sent together under a key; as long as more comes, they
wait for it, up to a limit.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, and_, func, insert, select, update

from modelyard.governance.notifying import repository
from modelyard.governance.notifying.types import Channel, Notification
from modelyard.jobs.repository import new_id
from modelyard.sending import outbox as shared
from modelyard.sending.outbox import LEASE, SENDS
from modelyard.store.database import exclusively
from modelyard.store.tables import notification_messages as messages
from modelyard.store.tables import notifications

OF = messages.c
TOGETHER = 1000
"""Notifications that one message tells at most."""
AT_MOST = 10
"""How many times as long as they are collected messages wait for more."""


@dataclass(frozen=True)
class Sending:
    """What is sent together, by whoever took it."""

    key: str
    user: str | None
    channel: Channel
    told: tuple[Notification, ...]
    """In their order."""
    attempt: int


def put(db: Connection, notification: str, user: str | None, channel: Channel, now: float) -> None:
    """Add a message; `collect` then says when it is sent."""
    row = {
        "id": new_id(now),
        "notification": notification,
        "user": user,
        "channel": channel,
        "state": "waiting",
        "attempts": 0,
        "created": now,
        "ready": now,
        "problem": "",
    }
    db.execute(insert(messages).values(row))


def collect(db: Connection, user: str | None, channel: Channel, now: float, seconds: float) -> None:
    """Let what waits of a user wait for some seconds from now on, but not forever."""
    mine = _unsent(user, channel)
    first = db.scalar(select(func.min(OF.created)).where(mine))
    ready = min(now + seconds, first + AT_MOST * seconds)
    db.execute(update(messages).where(mine).values(ready=ready))


def take(db: Connection, now: float) -> Sending | None:
    """Take what is to be sent next, if it is time; nobody else takes it while the lease lasts."""
    exclusively(db, SENDS)
    query = select(messages).where(shared.is_due(messages, now)).order_by(OF.ready, OF.id)
    first = db.execute(query.limit(1)).one_or_none()
    if first is None:
        return None
    if first.sending is None:
        mine = select(OF.id).where(_unsent(first.user, first.channel)).order_by(OF.id)
        ids = list(db.scalars(mine.limit(TOGETHER)))
        key = ids[0]
    else:
        key = first.sending
        ids = list(db.scalars(select(OF.id).where(OF.sending == key, OF.state == "waiting")))
    attempt = first.attempts + 1
    taken = {"sending": key, "attempts": attempt, "leased": now + LEASE}
    db.execute(update(messages).where(OF.id.in_(ids)).values(taken))
    return Sending(key, first.user, first.channel, tuple(_told(db, ids)), attempt)


def settle(db: Connection, sending: Sending, now: float, problem: str = "") -> bool:
    """Write down that it was sent. The receiver is there: what it did not take is sent now, too."""
    tried = and_(OF.sending.is_not(None), OF.sending != sending.key, OF.leased.is_(None))
    mine = and_(OF.user == sending.user if sending.user else OF.user.is_(None), tried)
    of_it = and_(mine, OF.channel == sending.channel, OF.state == "waiting", OF.ready > now)
    db.execute(update(messages).where(of_it).values(ready=now))
    return _end(db, sending, "sent", now, problem)


def drop(
    db: Connection,
    sending: Sending,
    now: float,
    problem: str,
    notifications: Collection[str] | None = None,
) -> None:
    """Write down that it is not sent: all of it, or what tells of some notifications."""
    if notifications is None:
        _end(db, sending, "dropped", now, problem)
        return
    mine = and_(OF.sending == sending.key, OF.attempts == sending.attempt, OF.state == "waiting")
    told = {"state": "dropped", "ended": now, "problem": problem}
    db.execute(update(messages).where(mine, OF.notification.in_(notifications)).values(told))


def put_off(db: Connection, sending: Sending, now: float, problem: str, *, final: bool) -> bool:
    """Write down that it could not be sent, and when it is tried again."""
    key, attempt = sending.key, sending.attempt
    return shared.put_off(db, messages, key, attempt, now, problem, final=final)


def hold(db: Connection, channel: Channel, until: float) -> None:
    """Send nothing more by a way until then: its server does not take anything now."""
    waits = and_(OF.channel == channel, OF.state == "waiting", OF.ready < until)
    free = OF.leased.is_(None)
    db.execute(update(messages).where(waits, free).values(ready=until))


def next_due(db: Connection) -> float | None:
    """When the next message is to be sent."""
    due: float | None = db.scalar(shared.next_moment(messages))
    return due


def last_problem(db: Connection, user: str) -> str:
    """Why the last message to a user did not arrive; empty: it did, or there is none."""
    query = select(OF.problem).where(OF.user == user, OF.attempts > 0, OF.state != "dropped")
    return db.scalar(query.order_by(OF.created.desc(), OF.id.desc()).limit(1)) or ""


def _unsent(user: str | None, channel: Channel) -> Any:
    mine = OF.user == user if user else OF.user.is_(None)
    return and_(mine, OF.channel == channel, OF.state == "waiting", OF.sending.is_(None))


def _end(db: Connection, sending: Sending, state: str, now: float, problem: str) -> bool:
    told = {"state": state, "ended": now, "problem": problem}
    return shared.end(db, messages, sending.key, sending.attempt, told)


def _told(db: Connection, ids: Sequence[str]) -> list[Notification]:
    of = notifications.c
    query: Select[Any] = select(of.id, of.body, of.created, of.read).where(OF.id.in_(ids))
    query = query.join_from(messages, notifications, of.id == OF.notification)
    return [repository.built(row) for row in db.execute(query.order_by(of.id))]
