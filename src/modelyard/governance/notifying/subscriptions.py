"""Who is told of which items: what they chose, and what came with what they did."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, or_, select

from modelyard.governance.items.types import ItemSummary
from modelyard.governance.notifying.types import Level, Scope, Subscription
from modelyard.kernel.paging import Page, Paged
from modelyard.kernel.values import now
from modelyard.store.database import upsert
from modelyard.store.paging import page
from modelyard.store.tables import subscriptions

OF = subscriptions.c


@dataclass(frozen=True)
class Levels:
    """How much users are told of one item."""

    item: Mapping[str, tuple[Level, bool]] = field(default_factory=dict)
    """By user: what they have of the item itself, and whether they chose it."""
    wide: Mapping[str, tuple[Level, ...]] = field(default_factory=dict)
    """By user: what they have of its project, template and kind."""

    @property
    def users(self) -> set[str]:
        """All who have something of it."""
        return {*self.item, *self.wide}

    def of(self, user: str, *, follows: bool = False) -> Level:
        """What they chose for the item itself comes first, then that something is muted.

        Args:
            user: their name.
            follows: whether they just began to have to do with the item.
        """
        level, chosen = self.item.get(user, ("all" if follows else "asked", False))
        wide = self.wide.get(user, ())
        if chosen:
            return level
        if "none" in wide:
            return "none"
        return "all" if "all" in (level, *wide) else "asked"


def levels(db: Connection, items: Iterable[ItemSummary]) -> dict[str, Levels]:
    """Of items, how much users are told of each."""
    found = {each.id: each for each in items}
    names: dict[Scope, set[str]] = {
        "item": set(found),
        "project": {each.project for each in found.values()} - {""},
        "template": {each.template or "" for each in found.values()} - {""},
        "kind": {each.kind for each in found.values()},
    }
    asked = [and_(OF.scope == scope, OF.name.in_(list(some))) for scope, some in names.items()]
    by_name: dict[tuple[str, str], list[Row[Any]]] = {}
    for row in db.execute(select(subscriptions).where(or_(*asked))):
        by_name.setdefault((row.scope, row.name), []).append(row)
    return {name: _levels(each, by_name) for name, each in found.items()}


def _levels(item: ItemSummary, rows: Mapping[tuple[str, str], list[Row[Any]]]) -> Levels:
    own = {row.user: (row.level, row.chosen) for row in rows.get(("item", item.id), ())}
    wide: dict[str, tuple[Level, ...]] = {}
    around = (("project", item.project), ("template", item.template or ""), ("kind", item.kind))
    for key in around:
        for row in rows.get(key, ()):
            wide[row.user] = (*wide.get(row.user, ()), row.level)
    return Levels(own, wide)


def choose(db: Connection, user: str, scope: Scope, name: str, level: Level) -> Subscription:
    """Write down what a user chose."""
    found = Subscription(user=user, scope=scope, name=name, level=level, chosen=True, since=now())
    row = found.model_dump()
    changed = {part: row[part] for part in ("level", "chosen", "since")}
    db.execute(upsert(db, subscriptions, row, changed))
    return found


def follow(db: Connection, user: str, item: str) -> None:
    """Tell a user of an item with which they have to do, unless they chose something for it."""
    row = {"user": user, "scope": "item", "name": item, "level": "all", "chosen": False}
    db.execute(upsert(db, subscriptions, {**row, "since": now()}))


def drop(db: Connection, user: str, scope: Scope, name: str) -> bool:
    """Forget what a user has of something; False: they had nothing."""
    mine = (OF.user == user, OF.scope == scope, OF.name == name)
    return bool(db.execute(delete(subscriptions).where(*mine)).rowcount)


def forget(db: Connection, scope: Scope, name: str) -> None:
    """Forget what everybody has of something that is gone."""
    db.execute(delete(subscriptions).where(OF.scope == scope, OF.name == name))


def of_user(db: Connection, user: str, asked: Paged) -> Page[Subscription]:
    """What a user is told of, and what they muted."""
    query = select(subscriptions).where(OF.user == user)
    return page(db, query, [OF.scope, OF.name], asked, _built)


def _built(row: Row[Any]) -> Subscription:
    return Subscription(**{name: getattr(row, name) for name in Subscription.model_fields})
