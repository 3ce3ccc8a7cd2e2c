"""Browser sessions: rows that a cookie's secret leads to, so that they can be ended here."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from modelyard import errors
from modelyard.governance.types import LoginWay, Session
from modelyard.kernel.context import Context
from modelyard.kernel.paging import Page, Paged
from modelyard.kernel.values import now
from modelyard.store.paging import page
from modelyard.store.tables import sessions, users

NOTED_EVERY = timedelta(minutes=5)
SKEW = timedelta(minutes=5)
LONGEST_AGENT = 200


def start(
    db: Connection, user: str, way: LoginWay, *, address: str, agent: str, hours: float
) -> str:
    """Start a session of somebody who has just signed in; gives the secret for the cookie."""
    secret, at = secrets.token_urlsafe(32), now()
    db.execute(delete(sessions).where(sessions.c.expires < at))
    db.execute(
        insert(sessions).values(
            id=secrets.token_hex(6),
            sha256=_hash(secret),
            user=user,
            way=way,
            address=address[:64],
            agent=agent[:LONGEST_AGENT],
            created=at,
            expires=at + timedelta(hours=hours),
            seen=at,
        )
    )
    return secret


def user_of(context: Context, secret: str) -> str | None:
    """Whose session a secret belongs to; None if it has ended, or its user may not come in."""
    at = now()
    query = select(sessions.c.user, sessions.c.seen).join(users)
    query = query.where(sessions.c.sha256 == _hash(secret), sessions.c.expires > at, users.c.active)
    # One from the future was started before the clock was set back, and would last too long.
    query = query.where(sessions.c.created < at + SKEW)
    with context.read() as db:
        row = db.execute(query).one_or_none()
    if row is None:
        return None
    if abs(at - row.seen) > NOTED_EVERY:
        with context.begin() as db:
            same = sessions.c.sha256 == _hash(secret)
            db.execute(update(sessions).where(same).values(seen=at))
    found: str = row.user
    return found


def listed(db: Connection, user: str | None, asked: Paged) -> Page[Session]:
    """The sessions of a user, or of all, that have not ended; the latest first."""
    query = select(sessions).where(sessions.c.expires > now())
    query = query if user is None else query.where(sessions.c.user == user)
    by = [sessions.c.created, sessions.c.id]
    return page(db, query, by, asked, _session, descending=True)


def get(db: Connection, id_: str) -> Session:
    """Look a session up; NotFound if there is none."""
    row = db.execute(select(sessions).where(sessions.c.id == id_)).one_or_none()
    if row is None:
        raise errors.NotFound(f"there is no session {id_!r}; see: sessions list", id=id_)
    return _session(row)


def end(db: Connection, id_: str) -> None:
    """End a session."""
    db.execute(delete(sessions).where(sessions.c.id == id_))


def end_by_secret(db: Connection, secret: str) -> None:
    """End the session that a secret belongs to, if it has not ended."""
    db.execute(delete(sessions).where(sessions.c.sha256 == _hash(secret)))


def end_all(db: Connection, user: str) -> None:
    """End all sessions of a user."""
    db.execute(delete(sessions).where(sessions.c.user == user))


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _session(row: Row[Any]) -> Session:
    return Session(
        id=row.id,
        user=row.user,
        way=row.way,
        address=row.address,
        agent=row.agent,
        created=row.created,
        expires=row.expires,
        seen=row.seen,
    )
