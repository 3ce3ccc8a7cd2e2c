"""Rows of policies, and of where they are asked."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from modelyard import errors
from modelyard.governance.policies.types import Enforced, Policy
from modelyard.kernel.paging import ALL, Page, Paged
from modelyard.store.paging import page
from modelyard.store.tables import enforcements, policies


def add(db: Connection, policy: Policy) -> None:
    """Insert a policy; Conflict if its name is taken."""
    try:
        db.execute(insert(policies).values(_row(policy)))
    except IntegrityError as exc:
        raise errors.Conflict(
            f"there is a policy {policy.name!r} already; take another name, or update it",
            field="name",
        ) from exc


def get(db: Connection, name: str, *, lock: bool = False) -> Policy:
    """Look a policy up; NotFound if there is none."""
    query = select(policies.c.body).where(policies.c.name == name)
    body = db.scalar(query.with_for_update() if lock else query)
    if body is None:
        raise errors.NotFound.among("policy", name, db.scalars(select(policies.c.name)))
    return _placed(db, [Policy.model_validate_json(body)])[0]


def every(db: Connection, asked: Paged) -> Page[Policy]:
    """Policies by name."""
    found = page(
        db,
        select(policies.c.body),
        [policies.c.name],
        asked,
        lambda row: Policy.model_validate_json(row.body),
    )
    return Page(_placed(db, found), following=found.next)


def save(db: Connection, policy: Policy) -> None:
    """Write down what a policy is now."""
    db.execute(update(policies).where(policies.c.name == policy.name).values(_row(policy)))


def remove(db: Connection, name: str) -> None:
    """Delete a policy that is asked nowhere."""
    db.execute(delete(policies).where(policies.c.name == name))


def enforce(db: Connection, enforced: Enforced) -> None:
    """Write down what is asked on an infrastructure, in place of what was."""
    row = {"infrastructure": enforced.infrastructure, "body": enforced.model_dump_json()}
    mine = enforcements.c.infrastructure == enforced.infrastructure
    if db.execute(update(enforcements).where(mine).values(row)).rowcount == 0:
        db.execute(insert(enforcements).values(row))


def enforced_on(db: Connection, infrastructure: str) -> Enforced | None:
    """What is asked on an infrastructure; None: nobody has said anything."""
    of = enforcements.c
    body = db.scalar(select(of.body).where(of.infrastructure == infrastructure))
    return None if body is None else Enforced.model_validate_json(body)


def every_enforced(db: Connection, asked: Paged) -> Page[Enforced]:
    """What is asked on infrastructures, by their names."""
    of = enforcements.c
    return page(
        db,
        select(of.body),
        [of.infrastructure],
        asked,
        lambda row: Enforced.model_validate_json(row.body),
    )


def _placed(db: Connection, found: Iterable[Policy]) -> list[Policy]:
    """With the infrastructures where each is asked."""
    places: dict[str, list[str]] = {}
    for each in every_enforced(db, ALL):
        for name in each.policies:
            places.setdefault(name, []).append(each.infrastructure)
    return [each.model_copy(update={"places": tuple(places.get(each.name, ()))}) for each in found]


def _row(policy: Policy) -> dict[str, str | datetime]:
    body = policy.model_dump_json(exclude={"places"})
    return {"name": policy.name, "changed": policy.changed, "body": body}
