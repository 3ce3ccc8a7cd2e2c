"""The timeline of items: who changed which attribute from what to what, as a chain of hashes."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import JsonValue
from sqlalchemy import ColumnElement, Connection, Row, Select, select

from modelyard.governance.audit_words import one_line, shortened
from modelyard.governance.chains import Chain, append
from modelyard.governance.items.types import Event
from modelyard.kernel.paging import Page, Paged
from modelyard.kernel.values import now
from modelyard.store.paging import page
from modelyard.store.tables import governed_items, item_events, item_events_head

TIMELINE = Chain(
    called="the timeline of governed items",
    word="event",
    words="events",
    entries=item_events,
    head=item_events_head,
    moment="at",
    columns=("number", "item", "actor", "attribute"),
    subject="item",
)


@dataclass(frozen=True)
class Change:
    """An attribute of an item that became another; texts of values that are long are cut."""

    item: str
    attribute: str
    old: JsonValue
    new: JsonValue
    at: datetime = field(default_factory=now)


def record(
    db: Connection, item: str, who: str, attribute: str, old: JsonValue, new: JsonValue
) -> None:
    """Write down that an attribute changed, as part of the transaction that changes it.

    Args:
        db: an open transaction; whoever else records waits for its end.
        item: id of the item.
        who: the name of the user, or of what did it.
        attribute: such as state or fields.risk.
        old: its value before; None: it had none.
        new: its value from now on.
    """
    record_all(db, who, [Change(item, attribute, old, new)])


def record_all(db: Connection, who: str, changes: Iterable[Change]) -> None:
    """The same for many changes, in their order."""
    append(db, TIMELINE, (_entry(who, change) for change in changes))


def events(
    db: Connection,
    asked: Paged,
    told: ColumnElement[bool],
    *,
    item: str | None = None,
    actor: str | None = None,
    attribute: str | None = None,
) -> Page[Event]:
    """Events that meet `told` with their items, newest first; of an attribute also of its parts."""
    of = item_events.c
    query = select(of.body, of.sha256).join(governed_items, governed_items.c.id == of.item)
    query = query.where(told)
    if item is not None:
        query = query.where(of.item == item)
    if actor is not None:
        query = query.where(of.actor == actor)
    if attribute is not None:
        inside = of.attribute.startswith(f"{attribute}.", autoescape=True)
        query = query.where((of.attribute == attribute) | inside)
    return page(db, query, [of.number], asked, _event, descending=True)


def after(db: Connection, number: int, most: int) -> list[Event]:
    """The events after one, by its number: at most so many, in their order."""
    of = item_events.c
    query: Select[Any] = select(of.body, of.sha256).where(of.number > number)
    return [_event(row) for row in db.execute(query.order_by(of.number).limit(most))]


def last(db: Connection) -> int:
    """The number of the last event; 0: there is none."""
    return db.scalar(select(item_events_head.c.number)) or 0


def _entry(who: str, change: Change) -> dict[str, Any]:
    return {
        "at": change.at.isoformat(),
        "item": change.item,
        "actor": one_line(who),
        "attribute": one_line(change.attribute, 200),
        "old": shortened(change.old),
        "new": shortened(change.new),
    }


def _event(row: Row[Any]) -> Event:
    return Event.model_validate({**json.loads(row.body), "sha256": row.sha256})
