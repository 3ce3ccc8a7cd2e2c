"""Rows of infrastructures."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from modelyard import errors
from modelyard.deployments.infrastructures.types import GroupPermission, Infrastructure
from modelyard.kernel.paging import Page, Paged
from modelyard.store.paging import page
from modelyard.store.tables import deployments, groups, infrastructure_groups, infrastructures

COLUMNS = ("name", "kind", "stage", "driver", "everybody", "created", "created_by", "changed")
BODY = {
    *("nodes", "connections", "options", "description", "monitored", "monitored_since"),
    *("standards_warn", "standards_block", "identities"),
}


def add(db: Connection, infrastructure: Infrastructure) -> None:
    """Insert an infrastructure; Conflict if its name is taken."""
    try:
        db.execute(insert(infrastructures).values(_row(infrastructure)))
    except IntegrityError as exc:
        raise errors.Conflict(
            f"there is an infrastructure {infrastructure.name!r} already; take another name",
            field="name",
        ) from exc


def find(db: Connection, name: str, *, lock: bool = False) -> Infrastructure | None:
    """Look an infrastructure up; None if there is none."""
    query = select(infrastructures).where(infrastructures.c.name == name)
    row = db.execute(query.with_for_update() if lock else query).one_or_none()
    return None if row is None else _whole(db, [_built(row)])[0]


def get(db: Connection, name: str) -> Infrastructure:
    """The same; NotFound if there is none."""
    found = find(db, name)
    if found is None:
        known = db.scalars(select(infrastructures.c.name))
        raise errors.NotFound.among("infrastructure", name, known)
    return found


def every(
    db: Connection, asked: Paged, *, kind: str | None, stage: str | None, seen_by: Any = None
) -> Page[Infrastructure]:
    """Infrastructures by name; `seen_by` is a condition that those have to meet."""
    query: Select[Any] = select(infrastructures)
    for column, wanted in ((infrastructures.c.kind, kind), (infrastructures.c.stage, stage)):
        if wanted is not None:
            query = query.where(column == wanted)
    if seen_by is not None:
        query = query.where(seen_by)
    found = page(db, query, [infrastructures.c.name], asked, _built)
    return Page(_whole(db, found), following=found.next)


def seen_by_groups(names: Iterable[str]) -> Any:
    """The condition that everybody, or one of some groups, may see an infrastructure."""
    of = infrastructure_groups.c
    allowed = select(of.infrastructure).where(of.group.in_(list(names)))
    return (infrastructures.c.everybody != "none") | infrastructures.c.name.in_(allowed)


def save(db: Connection, infrastructure: Infrastructure) -> None:
    """Write down what an infrastructure is now."""
    mine = infrastructures.c.name == infrastructure.name
    db.execute(update(infrastructures).where(mine).values(_row(infrastructure)))


def allow(db: Connection, name: str, group: str, permission: str | None) -> None:
    """Give a group a permission in place of the one that it had, or none.

    Raises:
        NotFound: there is no such group.
    """
    if db.scalar(select(groups.c.name).where(groups.c.name == group)) is None:
        raise errors.NotFound.among("group", group, db.scalars(select(groups.c.name)))
    of = infrastructure_groups.c
    db.execute(delete(infrastructure_groups).where(of.infrastructure == name, of.group == group))
    if permission is not None:
        row = {"infrastructure": name, "group": group, "permission": permission}
        db.execute(insert(infrastructure_groups).values(row))


def remove(db: Connection, name: str) -> None:
    """Delete an infrastructure."""
    db.execute(delete(infrastructures).where(infrastructures.c.name == name))


def using_node(db: Connection, node: str) -> list[str]:
    """The infrastructures that a node is part of, by name."""
    bodies = db.execute(select(infrastructures.c.name, infrastructures.c.body))
    return sorted(name for name, body in bodies if node in json.loads(body).get("nodes", ()))


def _whole(db: Connection, found: list[Infrastructure]) -> list[Infrastructure]:
    """With groups, and with how many deployments there are."""
    names = [each.name for each in found]
    of, on = infrastructure_groups.c, deployments.c.infrastructure
    allowed: dict[str, list[GroupPermission]] = {}
    query = select(infrastructure_groups).where(of.infrastructure.in_(names)).order_by(of.group)
    for row in db.execute(query):
        given = GroupPermission(group=row.group, permission=row.permission)
        allowed.setdefault(row.infrastructure, []).append(given)
    count = select(on, func.count()).where(on.in_(names)).group_by(on)
    counts: dict[str, int] = dict(db.execute(count).all())
    return [
        each.model_copy(
            update={
                "groups": tuple(allowed.get(each.name, ())),
                "deployments": counts.get(each.name, 0),
            }
        )
        for each in found
    ]


def _built(row: Row[Any]) -> Infrastructure:
    return Infrastructure(**{name: getattr(row, name) for name in COLUMNS}, **json.loads(row.body))


def _row(infrastructure: Infrastructure) -> dict[str, Any]:
    return {
        **{name: getattr(infrastructure, name) for name in COLUMNS},
        "body": infrastructure.model_dump_json(include=BODY),
    }
