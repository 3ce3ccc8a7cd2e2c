"""Who may do what: asked by the composition root of every command, and by rooms of lists."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select

from modelyard import errors
from modelyard.governance import repository
from modelyard.governance.rights import SIGNED_IN, covers, reaches, role_for
from modelyard.governance.standing import GROUPS, Standing, rights_of, roles_of, standing_of
from modelyard.governance.types import Role
from modelyard.kernel import paths
from modelyard.kernel.command import Command
from modelyard.kernel.context import Context
from modelyard.kernel.identity import Identity
from modelyard.store.tables import projects, users

LINKED = "linked:"
"""How rights begin that only other workspaces use."""
NAMED = 5
"""How many of those who can grant a right a message names."""
THERE = select(projects.c.key).where(projects.c.key == bindparam("project"))


def authorize(context: Context, command: Command[Any]) -> None:
    """Let the command pass, or say why not.

    Raises:
        Unauthenticated: nobody is signed in, or the user or key is no longer valid.
        NotFound: it is about a project in which the identity has no role, or that is not there.
        Forbidden: it takes a right that the identity lacks; the message says who can grant it.
        Invalid: it is about no project, and one of its paths is none.
    """
    if context.identity.is_local:
        return
    if context.identity.kind == "workspace":
        _authorize_workspace(context, command)
        return
    with context.read() as db:
        who = standing_of(db, context.identity)
        project = command.in_project()
        if project is None:
            _authorize_in_instance(context, db, who, command.needs)
            for right, named in paths.rights_to(context, command):
                _authorize_in_project(db, who, right, named)
        else:
            _authorize_in_project(db, who, command.needs, project)


def require_right(context: Context, right: str, project: str | None = None) -> None:
    """Refuse, as `authorize` would a command that takes a right in a project or in none.

    Raises:
        Unauthenticated: nobody is signed in, or the user or key is no longer valid.
        NotFound: the identity has no role in the project, or that is not there.
        Forbidden: it lacks the right.
    """
    if context.identity.is_local:
        return
    with context.read() as db:
        who = standing_of(db, context.identity)
        if project is None:
            _authorize_in_instance(context, db, who, right)
        else:
            _authorize_in_project(db, who, right, project)


def visible_projects(context: Context, right: str | None = None) -> frozenset[str] | None:
    """The projects whose names the identity may see, or in which it has a right; None: all."""
    if context.identity.is_local:
        return None
    with context.read() as db:
        who = standing_of(db, context.identity)
        if right is not None and not who.within_key(right, about_instance=False):
            return frozenset()
        return _visible(db, who, "reader" if right is None else role_for(right))


def is_granted(db: Connection, identity: Identity, right: str) -> bool:
    """Whether somebody has a right about the instance as an admin, or since a group gives it.

    A local identity has all of them.
    """
    if identity.is_local:
        return True
    who = standing_of(db, identity)
    return who.admin or covers(rights_of(db, who.name), right)


def is_admin(db: Connection, identity: Identity) -> bool:
    """Whether somebody is an instance admin; a local identity is one."""
    return identity.is_local or standing_of(db, identity).admin


def require_user(db: Connection, name: str) -> None:
    """Refuse a name that is no user's; NotFound says who there is."""
    repository.get_user(db, name)


def require_may_name(db: Connection, identity: Identity, name: str) -> None:
    """Refuse a user as whom something is to run.

    Raises:
        Forbidden: whoever asks is neither this user nor an instance admin, nor had by one to ask.
        NotFound: there is no such user.
    """
    if not (identity.name == name or identity.appointed or is_admin(db, identity)):
        raise errors.Forbidden(
            f"the user {identity.name} may have nothing run as {name}; ask an instance admin: "
            f"{_first(repository.active_admins(db))}"
        )
    repository.get_user(db, name)


def standing_in(context: Context, identity: Identity, name: str) -> Identity:
    """A user whom the key of an instance admin acts for; the log holds the key beside the name.

    Raises:
        Unauthenticated: the key is no longer valid.
        Forbidden: it is no admin's, or narrowed, or there is no such user who is active.
    """
    with context.read() as db:
        who = standing_of(db, identity)
        user = repository.find_user(db, name)
    if not who.admin or who.projects or who.rights:
        raise errors.Forbidden(
            f"this key of {who.name} acts for nobody else: that takes a key of an instance admin "
            "which is narrowed to nothing"
        )
    if user is None or not user.active:
        is_what = "there is no user" if user is None else "not active is the user"
        raise errors.Forbidden(
            f"{is_what} {name!r} here, for whom the key is to act; let them in, or name another"
        )
    return Identity(name, "user", identity.address, identity.key, appointed=True)


def groups_of(db: Connection, identity: Identity) -> frozenset[str]:
    """The groups that somebody is in; of a local identity none."""
    is_user = identity.kind in ("user", "key")
    return frozenset(db.scalars(GROUPS, {"user": identity.name}) if is_user else ())


@dataclass(frozen=True)
class Place:
    """What somebody who is active is in a project."""

    role: Role
    groups: frozenset[str]
    created: datetime
    """When their user was made: one of an earlier moment was somebody else's."""


def place_in(db: Connection, user: str, project: str) -> Place | None:
    """What a user is in a project at this moment; None: not active, or without a role there."""
    row = db.execute(select(users).where(users.c.name == user)).one_or_none()
    if row is None or not row.active:
        return None
    role = "admin" if row.admin else roles_of(db, user, project).get(project)
    if role is None:
        return None
    return Place(role, frozenset(db.scalars(GROUPS, {"user": user})), row.created)


def welcome(context: Context, db: Connection, project: str) -> None:
    """Make whoever made a project its admin."""
    if not context.identity.is_local:
        repository.put_member(db, project, "user", context.identity.name, "admin")


def _authorize_workspace(context: Context, command: Command[Any]) -> None:
    """Let another workspace say what it has, and ask what became of that; nothing else."""
    if not command.needs.startswith(LINKED):
        raise errors.Forbidden(
            f"this is the key of the workspace {context.identity.name}, with which that says what "
            "is to be governed of it, and nothing else; use the API key of a user",
            right=command.needs,
        )


def _authorize_in_instance(context: Context, db: Connection, who: Standing, right: str) -> None:
    if not who.within_key(right, about_instance=True):
        raise _key_is_too_narrow(who, right)
    if who.admin or right in SIGNED_IN:
        return
    if right == "projects:write" and context.settings.security.everybody_creates_projects:
        return
    if not covers(rights_of(db, who.name), right):
        raise errors.Forbidden(
            f"the user {who.name} may not do this: it takes the right {right}; ask an instance "
            f"admin: {_first(repository.active_admins(db))}",
            right=right,
        )


def _authorize_in_project(db: Connection, who: Standing, right: str, project: str) -> None:
    role = _role_in(db, who, project)
    if role is None:
        seen = _visible(db, who)
        known = db.scalars(select(projects.c.key)) if seen is None else seen
        raise errors.NotFound.among("project", project, known)
    if not who.within_key(right, about_instance=False):
        raise _key_is_too_narrow(who, right)
    needed = role_for(right)
    if not reaches(role, needed):
        raise errors.Forbidden(
            f"the user {who.name} may not do this in project {project}: it takes the right "
            f"{right}, which the role {needed} has and {role} has not; ask an admin of the "
            f"project: {_first(_admins_of(db, project))}",
            right=right,
            role=role,
            needed=needed,
            project=project,
        )


def _role_in(db: Connection, who: Standing, project: str) -> Role | None:
    if not who.sees(project):
        return None
    if who.admin:
        return None if db.scalar(THERE, {"project": project}) is None else "admin"
    return roles_of(db, who.name, project).get(project)


def _visible(db: Connection, who: Standing, needed: Role = "reader") -> frozenset[str] | None:
    """The projects in which somebody has at least a role; None: all of them."""
    if not who.admin:
        roles = roles_of(db, who.name)
        return frozenset(key for key in roles if who.sees(key) and reaches(roles[key], needed))
    if who.projects:
        return frozenset(filter(who.sees, db.scalars(select(projects.c.key))))
    return None


def _admins_of(db: Connection, project: str) -> list[str]:
    """Who can give somebody a role: the project's admins, else those of the instance."""
    names = [
        member.name if member.kind == "user" else f"group {member.name}"
        for member in repository.members_of(db, project)
        if member.role == "admin"
    ]
    return names or repository.active_admins(db)


def _first(names: list[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more if names else "there is none yet"


def _key_is_too_narrow(who: Standing, right: str) -> errors.Forbidden:
    limits = [f"the projects {', '.join(who.projects)}"] if who.projects else []
    limits += [f"the rights {', '.join(who.rights)}"] if who.rights else []
    return errors.Forbidden(
        f"this API key of {who.name} may not do this: it takes the right {right}, and the key is "
        f"narrowed to {' and '.join(limits)}; use another key",
        right=right,
    )
