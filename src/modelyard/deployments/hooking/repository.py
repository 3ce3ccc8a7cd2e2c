"""Rows of hooks, of their secrets, and of those that are called at the moment."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, delete, insert, select, update

from modelyard import errors
from modelyard.deployments.hooking.types import Hook
from modelyard.jobs.repository import identity_of
from modelyard.kernel.identity import Identity
from modelyard.kernel.paging import ALL, Page, Paged
from modelyard.store.clock import DatabaseNow, database_now
from modelyard.store.database import upsert
from modelyard.store.paging import page
from modelyard.store.tables import hook_secrets, hook_slots, infrastructure_hooks

OF = infrastructure_hooks.c


class Kept(NamedTuple):
    """A hook, who saved it last, and its secret: None where it has none, or none is known here."""

    hook: Hook
    identity: Identity
    secret: str | None


def add(db: Connection, kept: Kept) -> None:
    """Insert a hook; the row of its infrastructure is locked by the caller."""
    hook = kept.hook
    db.execute(insert(infrastructure_hooks).values(_row(kept)))
    if kept.secret is not None:
        row = {"infrastructure": hook.infrastructure, "hook": hook.name, "secret": kept.secret}
        db.execute(insert(hook_secrets).values(row))


def every(db: Connection, infrastructure: str, asked: Paged = ALL) -> Page[Hook]:
    """The hooks of an infrastructure, in the order in which they are called."""
    query = select(infrastructure_hooks).where(OF.infrastructure == infrastructure)
    return page(db, query, [OF.place], asked, _built)


def get(db: Connection, infrastructure: str, name: str) -> Kept:
    """A hook; NotFound if there is none."""
    mine = (OF.infrastructure == infrastructure) & (OF.name == name)
    row = db.execute(
        select(infrastructure_hooks, hook_secrets.c.secret)
        .select_from(infrastructure_hooks.outerjoin(hook_secrets))
        .where(mine)
    ).one_or_none()
    if row is None:
        known = db.scalars(select(OF.name).where(OF.infrastructure == infrastructure))
        raise errors.NotFound.among(f"hook of {infrastructure}", name, known)
    return Kept(_built(row), identity_of(row.identity), row.secret)


def save(db: Connection, kept: Kept) -> None:
    """Write down what a hook is now."""
    hook = kept.hook
    mine = (OF.infrastructure == hook.infrastructure) & (OF.name == hook.name)
    db.execute(update(infrastructure_hooks).where(mine).values(_row(kept)))
    if kept.secret is not None:
        row = {"infrastructure": hook.infrastructure, "hook": hook.name, "secret": kept.secret}
        db.execute(upsert(db, hook_secrets, row, otherwise={"secret": kept.secret}))


def put_in_order(db: Connection, infrastructure: str, names: Sequence[str]) -> None:
    """Have hooks called in the order of their names here, which are all of them."""
    for place, name in enumerate(names, 1):
        mine = (OF.infrastructure == infrastructure) & (OF.name == name)
        db.execute(update(infrastructure_hooks).where(mine).values(place=place))


def remove(db: Connection, infrastructure: str, name: str) -> None:
    """Delete a hook with its secret."""
    mine = (OF.infrastructure == infrastructure) & (OF.name == name)
    db.execute(delete(infrastructure_hooks).where(mine))


def take_slot(db: Connection, infrastructure: str, holder: str, most: int, lease: float) -> bool:
    """Take a slot that is free, or whose holder gave no sign of life for a lease, in seconds."""
    of = hook_slots.c
    query = select(of.slot, of.holder, of.beaten).where(of.infrastructure == infrastructure)
    taken = {row.slot: row for row in db.execute(query)}
    now = database_now(db)
    for slot in range(most):
        mine = {"holder": holder, "beaten": DatabaseNow()}
        found = taken.get(slot)
        if found is None:
            row = {"infrastructure": infrastructure, "slot": slot, **mine}
            changing = upsert(db, hook_slots, row)
        elif now - found.beaten > lease:
            key = (of.infrastructure == infrastructure) & (of.slot == slot)
            changing = update(hook_slots).where(key, of.holder == found.holder).values(mine)
        else:
            continue
        if db.execute(changing.execution_options(preserve_rowcount=True)).rowcount == 1:
            return True
    return False


def beat_slot(db: Connection, holder: str) -> None:
    """Give a sign of life."""
    mine = hook_slots.c.holder == holder
    db.execute(update(hook_slots).where(mine).values(beaten=DatabaseNow()))


def free_slot(db: Connection, holder: str) -> None:
    """Let go of a slot."""
    db.execute(delete(hook_slots).where(hook_slots.c.holder == holder))


def _row(kept: Kept) -> dict[str, Any]:
    hook = kept.hook
    return {
        **{name: getattr(hook, name) for name in ("infrastructure", "name", "place")},
        "identity": json.dumps(asdict(kept.identity)),
        "body": Hook(**{name: getattr(hook, name) for name in Hook.model_fields}).model_dump_json(),
    }


def _built(row: Row[Any]) -> Hook:
    return Hook.model_validate_json(row.body).model_copy(update={"place": row.place})
