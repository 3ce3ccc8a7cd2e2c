"""Rows of sign-offs: a row for each round, of which the last is the current one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, insert, or_, select, update

from modelyard.governance.items.types import Item
from modelyard.governance.signoffs.machine import BOUND, WAITING
from modelyard.governance.signoffs.types import Delegate, KeptRound, Round
from modelyard.store.tables import governed_items, item_people, signoff_delegates, signoffs

OF = signoffs.c
TO = signoff_delegates.c
AT_ONCE = 1000
"""Items that one query is about."""


@dataclass(frozen=True)
class Kept:
    """A round, and which life of an item it is of."""

    signoff: Round
    life: str


def life_of(created: datetime, template: str | None) -> str:
    """What tells an item from another one of its name, and from itself by another template."""
    return f"{created.isoformat()} {template or ''}"


def current(db: Connection, items: Iterable[str]) -> dict[tuple[str, str], Kept]:
    """The last rounds of some items, by item and step."""
    wanted = list(items)
    query = select(signoffs).where(OF.item.in_(wanted), OF.current)
    delegates: dict[tuple[str, str, int], list[Delegate]] = {}
    for row in db.execute(select(signoff_delegates).where(TO.item.in_(wanted)).order_by(TO.at)):
        delegate = Delegate(user=row.user, group=row.group or None, by=row.by, at=row.at)
        delegates.setdefault((row.item, row.step, row.number), []).append(delegate)
    return {
        (row.item, row.step): Kept(
            _built(row, delegates.get((row.item, row.step, row.number), ())), row.life
        )
        for row in db.execute(query)
    }


def ended(db: Connection, items: Iterable[Item]) -> dict[str, list[tuple[str, Round]]]:
    """The rounds of items in which somebody decided, by item; each with its step, in order."""
    lives = {item.id: life_of(item.created, item.template) for item in items}
    query = select(signoffs).where(OF.item.in_(list(lives))).order_by(OF.number, OF.step)
    found: dict[str, list[tuple[str, Round]]] = defaultdict(list)
    for row in db.execute(query):
        if row.life == lives[row.item]:
            signoff = _built(row, ())
            if signoff.decided is not None:
                found[row.item].append((row.step, signoff))
    return found


def every_round(db: Connection, item: str) -> list[KeptRound]:
    """All rounds of an item, by step and number."""
    last = current(db, [item])
    found = []
    for row in db.execute(select(signoffs).where(OF.item == item).order_by(OF.step, OF.number)):
        kept = last[item, row.step].signoff if row.current else _built(row, ())
        found.append(KeptRound(step=row.step, life=row.life, current=row.current, round=kept))
    return found


def save(db: Connection, item: Item, step: str, signoff: Round) -> None:
    """Write down how a sign-off of an item is now."""
    mine = (OF.item == item.id, OF.step == step)
    row = {
        "life": life_of(item.created, item.template),
        "status": signoff.status,
        "facts": item.digest if signoff.status in BOUND else "",
        "due": signoff.due,
        "current": True,
        "body": signoff.model_dump_json(exclude={"delegates"}),
    }
    is_there = db.execute(update(signoffs).where(*mine, OF.number == signoff.number).values(row))
    if not is_there.rowcount:
        db.execute(update(signoffs).where(*mine).values(current=False))
        named = {"item": item.id, "step": step, "number": signoff.number}
        db.execute(insert(signoffs).values({**named, **row}))
    _save_delegates(db, item.id, step, signoff)


def waiting(db: Connection, seen: ColumnElement[bool]) -> dict[tuple[str, str], Round]:
    """The sign-offs that wait for somebody, of items that meet a condition; by item and step."""
    of = governed_items.c
    is_about_it = and_(of.id == OF.item, of.digest == OF.facts, of.gone.is_(None))
    query = select(of.id, of.created, of.template).join(signoffs, is_about_it)
    query = query.where(OF.current, OF.status.in_(WAITING), of.state == "governed", seen)
    lives = {row.id: life_of(row.created, row.template) for row in db.execute(query)}
    return {
        where: kept.signoff
        for where, kept in current(db, lives).items()
        if kept.life == lives[where[0]]
    }


def states(db: Connection, about: Collection[str]) -> dict[str, str]:
    """A text of how the last rounds of each of some items were left."""
    found: dict[str, str] = {}
    wanted = list(about)
    for start in range(0, len(wanted), AT_ONCE):
        part = wanted[start : start + AT_ONCE]
        query = select(OF.item, OF.step, OF.life, OF.body).where(OF.item.in_(part), OF.current)
        for row in db.execute(query.order_by(OF.item, OF.step)):
            found[row.item] = f"{found.get(row.item, '')} {row.step} {row.life} {row.body}"
    return found


def to_settle(db: Connection, at: datetime) -> list[str]:
    """Items whose sign-offs are about another state than they are in, or whose time is over."""
    of = governed_items.c
    moved = and_(OF.status.in_(BOUND), OF.facts != of.digest)
    query = (
        select(OF.item)
        .join(governed_items, of.id == OF.item)
        .where(OF.current, or_(moved, and_(OF.status == "APPROVED", OF.due <= at)))
    )
    return list(db.scalars(query.distinct().order_by(OF.item)))


def put_people(db: Connection, item: str, people: Iterable[tuple[str, str]]) -> None:
    """Write down who has something to do with an item: pairs of user or group, and its name."""
    db.execute(delete(item_people).where(item_people.c.item == item))
    rows = [{"item": item, "kind": kind, "name": name} for kind, name in sorted(set(people))]
    if rows:
        db.execute(insert(item_people), rows)


def _save_delegates(db: Connection, item: str, step: str, signoff: Round) -> None:
    mine = (TO.item == item, TO.step == step, TO.number == signoff.number)
    db.execute(delete(signoff_delegates).where(*mine))
    named = {"item": item, "step": step, "number": signoff.number}
    rows = [
        {**named, "user": each.user, "group": each.group or "", "by": each.by, "at": each.at}
        for each in signoff.delegates
    ]
    if rows:
        db.execute(insert(signoff_delegates), rows)


def _built(row: Row[Any], delegates: Iterable[Delegate]) -> Round:
    found = Round.model_validate_json(row.body)
    return found.model_copy(update={"delegates": tuple(delegates)})
