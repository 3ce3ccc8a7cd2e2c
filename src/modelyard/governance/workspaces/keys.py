"""Keys of workspaces that are governed from here: how they are made, and found again."""

from __future__ import annotations

import hashlib
import hmac
import secrets

from sqlalchemy import select

from modelyard import errors
from modelyard.kernel.context import Context
from modelyard.kernel.identity import Identity
from modelyard.store.tables import workspaces

PREFIX = "mdw"


def made(name: str) -> tuple[str, str]:
    """A new key of a workspace, and its hash, which alone is kept."""
    key = f"{PREFIX}_{name}_{secrets.token_urlsafe(32)}"
    return key, _hash(key)


def is_one(key: str) -> bool:
    """Whether a key looks like that of a workspace, and not of a user."""
    return key.startswith(f"{PREFIX}_")


def identify(context: Context, key: str, address: str) -> Identity:
    """The workspace that shows a key.

    Raises:
        Unauthenticated: there is no such workspace, or it has another key by now.
    """
    name = key.removeprefix(f"{PREFIX}_").partition("_")[0][:64]
    with context.read() as db:
        kept = db.scalar(select(workspaces.c.sha256).where(workspaces.c.name == name))
    if kept is None or not hmac.compare_digest(kept, _hash(key)):
        raise errors.Unauthenticated(
            "the key of the workspace is not known here; on the govern node another one is made "
            f"by: modelyard workspaces rekey {name if kept is not None else 'NAME'}"
        )
    return Identity(name, "workspace", address)


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
