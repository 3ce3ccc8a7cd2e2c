"""API keys: how they are made, found again, and revoked."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from modelyard import errors
from modelyard.governance.types import ApiKey, NewKey
from modelyard.kernel.context import Context
from modelyard.kernel.identity import Identity
from modelyard.kernel.paging import Page, Paged
from modelyard.kernel.values import now
from modelyard.store.paging import page
from modelyard.store.tables import api_keys

PREFIX = "mdy"
NOTED_EVERY = timedelta(minutes=5)
"""How old the last use of a key must be to be noted again: a row is not written at each request."""


def make(
    db: Connection,
    *,
    user: str,
    name: str,
    projects: tuple[str, ...],
    rights: tuple[str, ...],
    days: int,
    made_by: str | None,
) -> NewKey:
    """Make a key; its secret is in the answer and nowhere else."""
    id_ = secrets.token_hex(6)
    secret = f"{PREFIX}_{id_}_{secrets.token_urlsafe(32)}"
    made = now()
    key = NewKey(
        id=id_,
        user=user,
        name=name,
        projects=projects,
        rights=rights,
        created=made,
        expires=made + timedelta(days=days) if days else None,
        secret=secret,
    )
    row = key.model_dump(include={"id", "user", "name", "created", "expires"})
    row |= {"projects": json.dumps(projects), "rights": json.dumps(rights), "made_by": made_by}
    db.execute(insert(api_keys).values(**row, sha256=_hash(secret)))
    return key


def identify(context: Context, secret: str, address: str) -> Identity:
    """The identity behind a key that was sent; notes its use.

    Raises:
        Unauthenticated: there is no such key; what else may be wrong is found with each command.
    """
    prefix, _, rest = secret.partition("_")
    id_ = rest.partition("_")[0]
    row = None
    if prefix == PREFIX and id_.isascii() and len(id_) <= 16:
        with context.read() as db:
            row = db.execute(select(api_keys).where(api_keys.c.id == id_)).one_or_none()
    if row is None or not hmac.compare_digest(row.sha256, _hash(secret)):
        raise errors.Unauthenticated(
            "the API key is not known here; it is sent as: Authorization: Bearer mdy_…"
        )
    at = now()
    if row.revoked is None and (row.used is None or abs(at - row.used) > NOTED_EVERY):
        with context.begin() as db:
            db.execute(update(api_keys).where(api_keys.c.id == id_).values(used=at))
    return Identity(row.user, "key", address, row.id)


def get(db: Connection, id_: str) -> ApiKey:
    """Look a key up; NotFound if there is none."""
    row = db.execute(select(api_keys).where(api_keys.c.id == id_)).one_or_none()
    if row is None:
        raise errors.NotFound(f"there is no API key {id_!r}; see: keys list", id=id_)
    return _key(row)


def listed(db: Connection, user: str | None, asked: Paged) -> Page[ApiKey]:
    """The keys of a user, or of all; the newest first."""
    query = select(api_keys)
    query = query if user is None else query.where(api_keys.c.user == user)
    by = [api_keys.c.created, api_keys.c.id]
    return page(db, query, by, asked, _key, descending=True)


def revoke(db: Connection, id_: str) -> None:
    """Revoke a key, and those that were made with it, and so on; what is revoked stays so."""
    at, left, done = now(), [id_], set[str]()
    while left:
        done |= set(left)
        gone = api_keys.c.id.in_(left)
        db.execute(update(api_keys).where(gone, api_keys.c.revoked.is_(None)).values(revoked=at))
        made = db.scalars(select(api_keys.c.id).where(api_keys.c.made_by.in_(left)))
        left = [each for each in made if each not in done]


def revoke_all(db: Connection, user: str) -> None:
    """Revoke every key of a user, and those that were made with them."""
    for id_ in db.scalars(select(api_keys.c.id).where(api_keys.c.user == user)).all():
        revoke(db, id_)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _key(row: Row[Any]) -> ApiKey:
    return ApiKey(
        id=row.id,
        user=row.user,
        name=row.name,
        projects=tuple(json.loads(row.projects or "[]")),
        rights=tuple(json.loads(row.rights or "[]")),
        created=row.created,
        expires=row.expires,
        revoked=row.revoked,
        used=row.used,
    )
