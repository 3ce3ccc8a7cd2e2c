"""Rows of policies, of where they are asked, and of exceptions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from modelyard import errors
from modelyard.governance.policies.evidence import Excepted
from modelyard.governance.policies.types import Enforced, Policy, PolicyException
from modelyard.kernel.paging import ALL, Page, Paged
from modelyard.store.paging import page
from modelyard.store.tables import enforcements, governed_items, policies, policy_exceptions


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


def add_exception(db: Connection, exception: PolicyException) -> None:
    """Insert one."""
    told = exception.model_dump(include={"id", "item", "policy"})
    body = exception.model_dump_json(exclude={"state"})
    db.execute(insert(policy_exceptions).values(**told, body=body))


def exception_of(db: Connection, identifier: str, *, lock: bool = False) -> PolicyException:
    """Look one up; NotFound if there is none."""
    of = policy_exceptions.c
    query = select(of.body).where(of.id == identifier)
    body = db.scalar(query.with_for_update() if lock else query)
    if body is None:
        raise errors.NotFound.among("exception", identifier, db.scalars(select(of.id)))
    return PolicyException.model_validate_json(body)


def save_exception(db: Connection, exception: PolicyException) -> None:
    """Write down what one is now."""
    mine = policy_exceptions.c.id == exception.id
    body = exception.model_dump_json(exclude={"state"})
    db.execute(update(policy_exceptions).where(mine).values(body=body))


def every_exception(
    db: Connection, asked: Paged, seen: ColumnElement[bool], **narrowed: str | None
) -> Page[PolicyException]:
    """Exceptions of items that meet a condition, the newest first.

    `narrowed`: its item, its policy; None: any.
    """
    of = policy_exceptions.c
    query = select(of.body).where(of.item.in_(select(governed_items.c.id).where(seen)))
    for name, wanted in narrowed.items():
        if wanted is not None:
            query = query.where(of[name] == wanted)
    return page(
        db,
        query,
        [of.id],
        asked,
        lambda row: PolicyException.model_validate_json(row.body),
        descending=True,
    )


def excepting(db: Connection, items: Collection[str]) -> dict[str, list[Excepted]]:
    """The exceptions from what is asked of items that nobody withdrew, the newest first."""
    of = policy_exceptions.c
    query = select(of.item, of.body).where(of.item.in_(items)).order_by(of.id.desc())
    excepted: dict[str, list[Excepted]] = defaultdict(list)
    for row in db.execute(query):
        found = PolicyException.model_validate_json(row.body)
        if found.withdrawn is None:
            told = found.model_dump(include={"policy", "digest", "until", "by", "reason"})
            excepted[row.item].append(Excepted(**told, clause=found.settings))
    return excepted


def exception_marks(db: Connection) -> dict[str, str]:
    """A mark of all exceptions of each item that has any."""
    of = policy_exceptions.c
    found: dict[str, str] = {}
    for row in db.execute(select(of.item, of.body).order_by(of.id)):
        found[row.item] = found.get(row.item, "") + row.body
    return found


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
