"""The first admin: made by a link that is shown once, to whoever starts the server."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from sqlalchemy import delete, insert, select

from modelyard import errors
from modelyard.governance import audit, people, repository
from modelyard.governance.types import User
from modelyard.kernel.context import Context
from modelyard.kernel.values import now
from modelyard.store.database import exclusively
from modelyard.store.tables import setup_links

LASTS = timedelta(hours=24)
GONE = (
    "this link is used up or has expired; if there is no admin yet, start the server again: it "
    "shows a new one"
)


def make_token(context: Context) -> str | None:
    """The secret of a new link; None where there is an admin already."""
    secret = secrets.token_urlsafe(32)
    with context.begin() as db:
        if repository.has_admins(db):
            return None
        db.execute(delete(setup_links).where(setup_links.c.expires < now()))
        db.execute(insert(setup_links).values(sha256=_hash(secret), expires=now() + LASTS))
    return secret


def is_valid(context: Context, secret: str) -> bool:
    """Whether a link still leads to a first admin."""
    query = select(setup_links.c.sha256).where(setup_links.c.sha256 == _hash(secret))
    with context.read() as db:
        there = db.scalar(query.where(setup_links.c.expires > now())) is not None
        return there and not repository.has_admins(db)


def make_first_admin(context: Context, secret: str, name: str, password: str) -> User:
    """Use a link up, and make the first admin.

    Raises:
        Forbidden: the link is used up or has expired, or there is an admin already.
        Conflict: a user has this name already.
        Invalid: the password would be guessed.
    """
    hashed = people.hash_of(context, password, name) if is_valid(context, secret) else None
    with context.begin() as db:
        exclusively(db)
        same = setup_links.c.sha256 == _hash(secret)
        used = db.execute(delete(setup_links).where(same, setup_links.c.expires > now()))
        if hashed is None or not used.rowcount or repository.has_admins(db):
            raise errors.Forbidden(GONE)
        db.execute(delete(setup_links))
        user = User(name=name, admin=True, created=now())
        repository.add_user(db, user, password=hashed, identity=None)
    audit.note(context, "setup", actor=name)
    return user


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
