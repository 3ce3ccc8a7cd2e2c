"""What somebody gives others with an API key: never more than the key itself may."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from modelyard import errors
from modelyard.governance import keys
from modelyard.governance.rights import covers
from modelyard.governance.types import Role
from modelyard.kernel.context import Context

EVERYTHING = ("*:*",)


def require_may_give(context: Context, db: Connection, rights: Sequence[str], what: str) -> None:
    """Refuse what would let somebody do more than the key that is used; `what` says what that is.

    Raises:
        Forbidden: the key is narrowed to fewer rights than these.
    """
    if context.identity.key is None:
        return
    used = keys.get(db, context.identity.key)
    if used.rights and not all(covers(used.rights, right) for right in rights):
        raise errors.Forbidden(
            f"the API key {used.name!r} may not {what}: that gives {', '.join(rights)}, and the "
            f"key is narrowed to {', '.join(used.rights)}; use another key, or sign in",
            rights=list(rights),
        )


def rights_in(role: Role) -> tuple[str, ...]:
    """The rights that a role gives in a project, at most."""
    return ("*:read",) if role == "reader" else EVERYTHING
