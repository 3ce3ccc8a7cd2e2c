"""Rows of what came of policies, and the lease of whoever looks."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Select, delete, func, select

from modelyard.governance.items.ids import project_of
from modelyard.governance.policies.types import PolicyCount, PolicyOutcome, Standing
from modelyard.kernel.paging import Page, Paged
from modelyard.store.database import exclusively, upsert
from modelyard.store.paging import page
from modelyard.store.tables import governed_items, policies, policy_looks, policy_outcomes

OF = policy_outcomes.c
LOOK = 1
LOCK = 0x706F6C69
"""The key of those who write outcomes: one at a time."""
Key = tuple[str, str]
"""Item and policy."""


@dataclass(frozen=True)
class Kept:
    """An outcome with what it was judged by, and when time alone may change it."""

    outcome: PolicyOutcome
    mark: str
    due: datetime


def marks(db: Connection) -> dict[Key, tuple[str, datetime]]:
    """Of every outcome what it was judged by, and when it is to be judged again anyway."""
    query = select(OF.item, OF.policy, OF.mark, OF.due)
    return {(row.item, row.policy): (row.mark, row.due) for row in db.execute(query)}


def of_items(db: Connection, items: Collection[str]) -> dict[Key, PolicyOutcome]:
    """The outcomes of some items."""
    query = select(OF.item, OF.policy, OF.body).where(OF.item.in_(list(items)))
    return {
        (row.item, row.policy): PolicyOutcome.model_validate_json(row.body)
        for row in db.execute(query)
    }


def put(db: Connection, kept: Iterable[Kept]) -> None:
    """Write down what came of policies."""
    for each in kept:
        found = each.outcome
        row = {
            "project": project_of(found.item),
            "outcome": found.outcome,
            "due": each.due,
            "mark": each.mark,
            "body": found.model_dump_json(),
        }
        key = {"item": found.item, "policy": found.policy}
        db.execute(upsert(db, policy_outcomes, {**key, **row}, row))


def forget(db: Connection, keys: Iterable[Key]) -> None:
    """Forget those of versions that nobody watches any more."""
    for item, policy in keys:
        db.execute(delete(policy_outcomes).where(OF.item == item, OF.policy == policy))


def every(
    db: Connection, asked: Paged, seen: ColumnElement[bool], wanted: Mapping[str, str | None]
) -> Page[PolicyOutcome]:
    """Outcomes for items that meet a condition, by policy and item.

    `wanted`: what columns have to hold; None: anything.
    """
    query = select(OF.body).where(OF.item.in_(_there(seen)))
    for name, value in wanted.items():
        if value is not None:
            query = query.where(OF[name] == value)
    return page(
        db,
        query,
        [OF.policy, OF.item],
        asked,
        lambda row: PolicyOutcome.model_validate_json(row.body),
    )


def of_deployed(db: Connection, projects: Collection[str] | None) -> list[PolicyOutcome]:
    """The outcomes for versions of projects (None: of all) that are deployed somewhere."""
    query = select(OF.body).where(OF.body.not_like('%"deployed":[]%'))
    if projects is not None:
        query = query.where(OF.project.in_(projects))
    bodies = db.scalars(query.order_by(OF.policy, OF.item))
    return [PolicyOutcome.model_validate_json(body) for body in bodies]


def standing(db: Connection, seen: ColumnElement[bool]) -> Standing:
    """How many versions that meet a condition each policy passes."""
    query = select(OF.policy, OF.outcome, func.count().label("count"))
    query = query.where(OF.item.in_(_there(seen)))
    counts: dict[str, dict[str, int]] = {
        name: {} for name in db.scalars(select(policies.c.name).order_by(policies.c.name))
    }
    for row in db.execute(query.group_by(OF.policy, OF.outcome)):
        counts[row.policy][row.outcome] = row._mapping["count"]
    return Standing(
        looked=db.scalar(select(policy_looks.c.looked)),
        policies=tuple(
            PolicyCount(
                policy=name,
                passes=found.get("pass", 0),
                pending=found.get("pending", 0),
                fails=found.get("fail", 0),
            )
            for name, found in counts.items()
        ),
    )


def hold(db: Connection, at: datetime, every: float, lease: float) -> bool:
    """Begin to look, unless somebody is looking, or did less than `every` seconds ago."""
    exclusively(db, LOCK)
    row = db.execute(select(policy_looks)).one_or_none()
    if row is not None and row.held > at:
        return False
    if row is not None and row.looked is not None and at - row.looked < timedelta(seconds=every):
        return False
    held = {"held": at + timedelta(seconds=lease)}
    db.execute(upsert(db, policy_looks, {"id": LOOK, "looked": None, **held}, held))
    return True


def release(db: Connection, at: datetime, *, whole: bool) -> None:
    """End looking; `whole`: everything was seen to be judged."""
    values = {"held": at, **({"looked": at} if whole else {})}
    db.execute(upsert(db, policy_looks, {"id": LOOK, "looked": None, **values}, values))


def _there(seen: ColumnElement[bool]) -> Select[tuple[str]]:
    """The items that meet a condition, without those whose sources were deleted."""
    return select(governed_items.c.id).where(seen, governed_items.c.gone.is_(None))
