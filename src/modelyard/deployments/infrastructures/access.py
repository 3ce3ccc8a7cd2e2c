"""Who may do what with an infrastructure, as other rooms ask it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select

from modelyard import errors
from modelyard.deployments.infrastructures import repository
from modelyard.deployments.infrastructures.types import PERMISSIONS, Infrastructure, Permission
from modelyard.governance.access import groups_of, is_admin, is_granted
from modelyard.kernel.context import Context
from modelyard.store.tables import infrastructures

RIGHT = "infrastructures:write"
"""Whoever has it as an admin, or by a group, administers all of them."""


def require(
    context: Context, db: Connection, name: str, permission: Permission, *, lock: bool = False
) -> Infrastructure:
    """Look an infrastructure up with which whoever asks may do something.

    Raises:
        NotFound: there is none of this name, or they may not even see it.
        Forbidden: they may see it, and not do this.
    """
    found = repository.find(db, name, lock=lock)
    theirs = None if found is None else permission_on(context, db, found)
    if found is None or theirs is None:
        raise errors.NotFound.among("infrastructure", name, _visible(context, db))
    if PERMISSIONS.index(theirs) < PERMISSIONS.index(permission):
        who = [each.group for each in found.groups if each.permission == "administer"]
        ask = f"the group {', '.join(who)} or an instance admin" if who else "an instance admin"
        raise errors.Forbidden(
            f"the user {context.identity.name} may {theirs} the infrastructure {name}, and not "
            f"{permission}; ask {ask}: infrastructures allow {name} GROUP {permission}",
            permission=permission,
            theirs=theirs,
        )
    return found


def require_admin(context: Context, db: Connection, what: str) -> None:
    """Refuse what would let somebody act for others; `what` completes "the user may not ...".

    Raises:
        Forbidden: whoever asks is no instance admin.
    """
    if not is_admin(db, context.identity):
        raise errors.Forbidden(
            f"the user {context.identity.name} may not {what}: ask an instance admin"
        )


def permission_on(
    context: Context, db: Connection, infrastructure: Infrastructure
) -> Permission | None:
    """What whoever asks may do with an infrastructure; None: not even see it."""
    if is_granted(db, context.identity, RIGHT):
        return "administer"
    mine = groups_of(db, context.identity)
    given = {each.permission for each in infrastructure.groups if each.group in mine}
    if infrastructure.everybody != "none":
        given.add(infrastructure.everybody)
    return max(given, key=PERMISSIONS.index, default=None)


def seen_by(context: Context, db: Connection) -> Any:
    """The condition of the infrastructures that whoever asks may see; None: all of them."""
    if is_granted(db, context.identity, RIGHT):
        return None
    return repository.seen_by_groups(groups_of(db, context.identity))


def _visible(context: Context, db: Connection) -> list[str]:
    query = select(infrastructures.c.name)
    condition = seen_by(context, db)
    return list(db.scalars(query if condition is None else query.where(condition)))
