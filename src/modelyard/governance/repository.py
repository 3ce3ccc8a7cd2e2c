"""Rows of users, groups and members."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from modelyard import errors
from modelyard.governance.types import Group, Member, MemberKind, Role, User
from modelyard.kernel.paging import ALL, Page, Paged
from modelyard.kernel.values import now
from modelyard.store.database import exclusively
from modelyard.store.paging import page
from modelyard.store.tables import (
    given_roles,
    governed_views,
    group_users,
    groups,
    members,
    users,
)


def add_user(db: Connection, user: User, *, password: str | None, identity: str | None) -> None:
    """Store a user with the hash of a password; Conflict if the name or identity is taken."""
    columns = {"name", "display_name", "email", "active", "admin", "created"}
    try:
        db.execute(
            insert(users).values(
                **user.model_dump(include=columns), password=password, identity=identity
            )
        )
    except IntegrityError as exc:
        raise errors.Conflict(f"there is a user {user.name!r} already") from exc


def find_user(db: Connection, name: str) -> User | None:
    """Look a user up."""
    found = _users(db, select(users).where(users.c.name == name))
    return found[0] if found else None


def get_user(db: Connection, name: str) -> User:
    """Look a user up; NotFound if there is none."""
    user = find_user(db, name)
    if user is None:
        raise errors.NotFound(f"there is no user {name!r}; see: users list", name=name)
    return user


def user_of_identity(db: Connection, identity: str) -> User | None:
    """The user whom an identity provider knows under an identity."""
    found = _users(db, select(users).where(users.c.identity == identity))
    return found[0] if found else None


def users_by_name(db: Connection, search: str, asked: Paged) -> Page[User]:
    """The users whose name or address holds a text, by name."""
    query = select(users)
    if search:
        texts = (users.c.name, users.c.display_name, users.c.email)
        query = query.where(or_(*(text.icontains(search, autoescape=True) for text in texts)))
    rows = page(db, query, [users.c.name], asked, lambda row: row, counted=True)
    return Page(_users_in(db, rows), following=rows.next, first=rows.first, total=rows.total)


def change_user(db: Connection, name: str, changes: dict[str, Any]) -> None:
    """Change columns of a user."""
    if changes:
        db.execute(update(users).where(users.c.name == name).values(changes))


def delete_user(db: Connection, name: str) -> None:
    """Forget a user and their own views; keys, sessions and places in groups go with the row."""
    exclusively(db)  # else a role given meanwhile would wait for the next one of that name
    forget_member(db, "user", name)
    db.execute(delete(governed_views).where(governed_views.c.whose == name))
    db.execute(delete(users).where(users.c.name == name))


def has_users(db: Connection) -> bool:
    """Whether there is any user."""
    return db.scalar(select(users.c.name).limit(1)) is not None


def has_admins(db: Connection) -> bool:
    """Whether any user is an instance admin."""
    return db.scalar(select(users.c.name).where(users.c.admin).limit(1)) is not None


def active_admins(db: Connection) -> list[str]:
    """The names of the instance admins who may sign in."""
    query = select(users.c.name).where(users.c.admin, users.c.active).order_by(users.c.name)
    return list(db.scalars(query))


def password_of(db: Connection, name: str) -> str | None:
    """The hash of a user's password."""
    found: str | None = db.scalar(select(users.c.password).where(users.c.name == name))
    return found


def add_group(db: Connection, group: Group) -> None:
    """Store a group with its users; Conflict if there is one of this name."""
    values = group.model_dump(include={"name", "description", "created"})
    try:
        db.execute(insert(groups).values(**values, rights=json.dumps(group.rights)))
    except IntegrityError as exc:
        raise errors.Conflict(f"there is a group {group.name!r} already") from exc


def get_group(db: Connection, name: str) -> Group:
    """Look a group up; NotFound if there is none."""
    row = db.execute(select(groups).where(groups.c.name == name)).one_or_none()
    if row is None:
        raise errors.NotFound(f"there is no group {name!r}; see: groups list", name=name)
    return _group(db, row)


def every_group(db: Connection, asked: Paged = ALL) -> Page[Group]:
    """The groups, by name."""
    return page(db, select(groups), [groups.c.name], asked, lambda row: _group(db, row))


def change_group(db: Connection, name: str, changes: dict[str, Any]) -> None:
    """Change columns of a group."""
    if changes:
        db.execute(update(groups).where(groups.c.name == name).values(changes))


def delete_group(db: Connection, name: str) -> None:
    """Forget a group, with its roles."""
    exclusively(db)
    forget_member(db, "group", name)
    db.execute(delete(groups).where(groups.c.name == name))


def put_into(db: Connection, group: str, names: Iterable[str], *, provider: bool = False) -> None:
    """Put users into a group; those that are in it stay. NotFound if there is no such user."""
    exclusively(db)
    inside = set(db.scalars(select(group_users.c.user).where(group_users.c.group == group)))
    for name in dict.fromkeys(names):
        if name not in inside:
            get_user(db, name)
            db.execute(insert(group_users).values(group=group, user=name, provider=provider))


def take_out(db: Connection, group: str, names: Iterable[str]) -> None:
    """Take users out of a group."""
    gone = and_(group_users.c.group == group, group_users.c.user.in_(list(names)))
    db.execute(delete(group_users).where(gone))


def groups_by_provider(db: Connection, name: str) -> set[str]:
    """The groups that an identity provider has put a user into."""
    theirs = and_(group_users.c.user == name, group_users.c.provider)
    return set(db.scalars(select(group_users.c.group).where(theirs)))


def put_member(db: Connection, project: str, kind: MemberKind, name: str, role: Role) -> Member:
    """Give a user or group a role in a project; NotFound if there is no such user or group."""
    exclusively(db)
    _require(db, kind, name)
    member = Member(project=project, kind=kind, name=name, role=role, since=now())
    db.execute(delete(members).where(_same_member(project, kind, name)))
    db.execute(insert(members).values(member.model_dump()))
    return member


def members_of(db: Connection, project: str, asked: Paged = ALL) -> Page[Member]:
    """The members of a project, users first, by name."""
    query = select(members).where(members.c.project == project)
    is_group = members.c.kind == "group"
    return page(db, query, [is_group, members.c.name], asked, _member)


def remove_member(db: Connection, project: str, kind: MemberKind, name: str) -> None:
    """Take a role away; NotFound if there is none."""
    gone = db.execute(delete(members).where(_same_member(project, kind, name)))
    if not gone.rowcount:
        raise errors.NotFound(
            f"the {kind} {name!r} has no role in project {project}; see: members list", name=name
        )


def forget_member(db: Connection, kind: MemberKind, name: str) -> None:
    """Take all roles of a user or group away, in projects and on governed items."""
    db.execute(delete(members).where(members.c.kind == kind, members.c.name == name))
    of = given_roles.c
    db.execute(delete(given_roles).where(of.to == kind, of.name == name))


def _require(db: Connection, kind: MemberKind, name: str) -> None:
    if kind == "user":
        get_user(db, name)
    else:
        get_group(db, name)


def _same_member(project: str, kind: MemberKind, name: str) -> Any:
    return and_(members.c.project == project, members.c.kind == kind, members.c.name == name)


def _users(db: Connection, query: Select[Any]) -> list[User]:
    return _users_in(db, db.execute(query).all())


def _users_in(db: Connection, rows: Sequence[Row[Any]]) -> list[User]:
    inside: dict[str, list[str]] = {row.name: [] for row in rows}
    places = select(group_users.c.user, group_users.c.group).order_by(group_users.c.group)
    if len(rows) == 1:
        places = places.where(group_users.c.user == rows[0].name)
    for user, group in db.execute(places):
        inside.get(user, []).append(group)
    return [
        User(
            name=row.name,
            display_name=row.display_name,
            email=row.email,
            active=row.active,
            admin=row.admin,
            groups=tuple(inside[row.name]),
            has_password=row.password is not None,
            from_provider=row.identity is not None,
            created=row.created,
        )
        for row in rows
    ]


def _member(row: Row[Any]) -> Member:
    return Member.model_validate({name: getattr(row, name) for name in Member.model_fields})


def _group(db: Connection, row: Row[Any]) -> Group:
    inside = select(group_users.c.user).where(group_users.c.group == row.name)
    return Group(
        name=row.name,
        description=row.description,
        rights=tuple(json.loads(row.rights)),
        users=tuple(db.scalars(inside.order_by(group_users.c.user))),
        created=row.created,
    )
