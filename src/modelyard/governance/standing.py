"""What somebody may do at this moment, read from the database."""

from __future__ import annotations

import json
from dataclasses import dataclass

from sqlalchemy import BindParameter, Connection, Row, and_, bindparam, or_, select

from modelyard import errors
from modelyard.governance.rights import NARROWED, ROLES, covers
from modelyard.governance.types import Role
from modelyard.kernel.identity import Identity
from modelyard.kernel.values import now
from modelyard.store.tables import api_keys, group_users, groups, members, users

# Put together once: they run with every command.
WHO: BindParameter[str] = bindparam("user")
USER = select(users.c.active, users.c.admin).where(users.c.name == WHO)
KEY = (
    select(api_keys, users.c.active, users.c.admin)
    .join(users, users.c.name == api_keys.c.user)
    .where(api_keys.c.id == bindparam("key"), api_keys.c.user == WHO)
)
GROUPS = select(group_users.c.group).where(group_users.c.user == WHO)
ROLES_OF = select(members.c.project, members.c.role).where(
    or_(
        and_(members.c.kind == "user", members.c.name == WHO),
        and_(members.c.kind == "group", members.c.name.in_(GROUPS)),
    )
)
ROLES_IN = ROLES_OF.where(members.c.project == bindparam("in"))
RIGHTS = select(groups.c.rights).join(group_users).where(group_users.c.user == WHO)


@dataclass(frozen=True)
class Standing:
    """A user, as far as the key they use lets them act."""

    name: str
    admin: bool
    projects: tuple[str, ...] = ()
    """The projects that the key is narrowed to; none: all of the user's."""
    rights: tuple[str, ...] = ()
    """The rights that the key is narrowed to; none: all of the user's."""

    def within_key(self, right: str, *, about_instance: bool) -> bool:
        """Whether the key, if one is used, lets a right through."""
        if about_instance and self.projects and right not in NARROWED:
            return False
        if not self.rights or covers(self.rights, right):
            return True
        # Whoever may run something may do so as a job: the command in it is checked too.
        return about_instance and right.startswith("jobs:") and self._may_change

    @property
    def _may_change(self) -> bool:
        return any(not pattern.endswith(":read") for pattern in self.rights)

    def sees(self, project: str) -> bool:
        """Whether the key, if one is used, reaches a project."""
        return not self.projects or project in self.projects


def standing_of(db: Connection, identity: Identity) -> Standing:
    """What somebody who came over the network may do.

    Raises:
        Unauthenticated: nobody is signed in, or the user or the key is no longer valid.
    """
    if identity.kind == "anonymous":
        raise errors.Unauthenticated("sign in first, or send an API key: Authorization: Bearer …")
    if identity.kind == "workspace":
        raise errors.Forbidden(f"{identity.name} is another workspace, and no user")
    if identity.kind == "key":
        return _of_key(db, identity)
    row = db.execute(USER, {"user": identity.name}).one_or_none()
    return _of_user(row, identity.name)


def _of_user(row: Row[bool, bool] | None, name: str) -> Standing:
    if row is None:
        raise errors.Unauthenticated(f"there is no user {name!r} any more; sign in again")
    if not row.active:
        raise errors.Unauthenticated(
            f"the user {name!r} is not active; ask an instance admin to let them in again"
        )
    return Standing(name, admin=row.admin)


def _of_key(db: Connection, identity: Identity) -> Standing:
    row = db.execute(KEY, {"key": identity.key, "user": identity.name}).one_or_none()
    if row is None:
        raise errors.Unauthenticated("there is no such API key any more; make one: keys create")
    for moment, what in ((row.revoked, "was revoked"), (row.expires, "expired")):
        if moment is not None and moment <= now():
            raise errors.Unauthenticated(
                f"the API key {row.name!r} ({row.id}) {what} at {moment:%Y-%m-%d %H:%M} UTC; make "
                "another: keys create"
            )
    user = _of_user(row, identity.name)
    return Standing(
        user.name,
        admin=user.admin,
        projects=tuple(json.loads(row.projects or "[]")),
        rights=tuple(json.loads(row.rights or "[]")),
    )


def roles_of(db: Connection, name: str, project: str | None = None) -> dict[str, Role]:
    """A user's largest role by project, their own or a group's; only one project's, if named."""
    if project is None:
        rows = db.execute(ROLES_OF, {"user": name})
    else:
        rows = db.execute(ROLES_IN, {"user": name, "in": project})
    roles: dict[str, Role] = {}
    for where, role in rows:
        if where not in roles or ROLES.index(role) > ROLES.index(roles[where]):
            roles[where] = role
    return roles


def rights_of(db: Connection, name: str) -> tuple[str, ...]:
    """The rights about the instance that a user's groups give."""
    texts = db.scalars(RIGHTS, {"user": name})
    return tuple(sorted({right for text in texts for right in json.loads(text)}))
