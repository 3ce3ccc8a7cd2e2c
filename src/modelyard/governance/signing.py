"""The secret that cookies are signed with: one for all servers of a workspace."""

from __future__ import annotations

import secrets

from sqlalchemy import select

from modelyard.kernel.context import Context
from modelyard.store.database import upsert
from modelyard.store.tables import server_secrets

COOKIES = "cookies"


def signing_secret(context: Context) -> str:
    """The one of the settings; else the one in the database, made when it is first asked for."""
    if context.settings.security.secret:
        return context.settings.security.secret
    query = select(server_secrets.c.secret).where(server_secrets.c.name == COOKIES)
    with context.read() as db:
        kept: str | None = db.scalar(query)
    if kept is not None:
        return kept
    with context.begin() as db:
        row = {"name": COOKIES, "secret": secrets.token_urlsafe(48)}
        db.execute(upsert(db, server_secrets, row))  # whoever was first stays
        made: str = db.execute(query).scalar_one()
    return made
