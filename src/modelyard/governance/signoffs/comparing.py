"""Whether items and their sign-offs are as their timeline says, as the database holds both."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import Any, cast

from sqlalchemy import ColumnElement, Connection, Row, func, or_, select

from modelyard import errors
from modelyard.governance.chains import content_of
from modelyard.governance.signoffs.recalling import LAYER, Recalled, Stored, Told
from modelyard.governance.signoffs.repository import life_of
from modelyard.governance.signoffs.workflow import Course
from modelyard.governance.templates import repository as templates
from modelyard.governance.templates.types import Template
from modelyard.governance.templates.words import StepStatus
from modelyard.store.tables import governed_items, item_events, signoffs

OF, ON, EVENTS = governed_items.c, signoffs.c, item_events.c
AT_ONCE = 250
"""Items that are compared at once."""
TRIES = 5
"""How often an item is read that others change meanwhile."""
WHOLE = (*LAYER, "status", "gone", "fields", "steps")
PARTS = ("fields", "steps", "signoffs")


def otherwise(db: Connection, items: Collection[str]) -> dict[str, tuple[str, ...]]:
    """The attributes of some items that are not what their timeline says; the rest is left out.

    An item is read again if something of it changed while it was read.
    """
    found = {}
    for item in sorted(_otherwise(db, items)):
        for _ in range(TRIES):
            before = _last(db, item)
            wrong = _otherwise(db, [item]).get(item)
            if wrong is None or before == _last(db, item):
                break
        if wrong is not None:
            found[item] = wrong
    return found


def all_otherwise(db: Connection) -> Iterator[tuple[int, list[str]]]:
    """The same of all items by their ids: how many were compared, and what is wrong with those."""
    after = ""
    while True:
        query = select(OF.id).where(OF.id > after).order_by(OF.id).limit(AT_ONCE)
        items = list(db.scalars(query))
        if not items:
            return
        yield len(items), [said(*each) for each in otherwise(db, items).items()]
        after = items[-1]


def said(item: str, attributes: Collection[str]) -> str:
    """What is wrong with an item, in words."""
    return f"{item} is not what its timeline says: {', '.join(attributes)}"


def _last(db: Connection, item: str) -> int | None:
    found: int | None = db.scalar(select(func.max(EVENTS.number)).where(EVENTS.item == item))
    return found


def _otherwise(db: Connection, items: Collection[str]) -> dict[str, tuple[str, ...]]:
    stored = _stored(db, items) if items else {}
    recalled = _recalled(db, list(stored))
    found = {item: tuple(recalled[item].otherwise(each)) for item, each in stored.items()}
    return {item: wrong for item, wrong in found.items() if wrong}


def _recalled(db: Connection, items: Collection[str]) -> dict[str, Recalled]:
    """What events say of items, read one after another."""
    columns = (EVENTS.item, EVENTS.actor, EVENTS.attribute, EVENTS.body)
    query = select(*columns).where(EVENTS.item.in_(items), _matters())
    found: dict[str, Recalled] = defaultdict(Recalled)
    ordered = query.order_by(EVENTS.item, EVENTS.number)
    for row in db.execute(ordered, execution_options={"yield_per": 1000}):
        told = content_of(row.body)
        found[row.item].hear(Told(row.attribute, row.actor, told.get("old"), told.get("new")))
    return found


def _matters() -> ColumnElement[bool]:
    inside = (EVENTS.attribute.startswith(f"{part}.") for part in PARTS)
    return or_(EVENTS.attribute.in_(WHOLE), *inside)


def _stored(db: Connection, items: Collection[str]) -> dict[str, Stored]:
    columns = (OF.id, OF.status, OF.created, OF.fields, OF.steps, *(OF[name] for name in LAYER))
    rows = {row.id: row for row in db.execute(select(*columns).where(OF.id.in_(items)))}
    rounds: dict[str, dict[str, tuple[str, Any]]] = defaultdict(dict)
    told = select(ON.item, ON.step, ON.status, ON.life, ON.body)
    for row in db.execute(told.where(ON.item.in_(items), ON.current)):
        of = rows.get(row.item)
        if of is not None and row.life == life_of(of.created, of.template):
            rounds[row.item][row.step] = row.status, content_of(row.body)
    known: dict[tuple[str, int], Template | None] = {}
    return {item: _built(db, row, rounds[item], known) for item, row in rows.items()}


def _built(
    db: Connection,
    row: Row[Any],
    rounds: dict[str, tuple[str, Any]],
    known: dict[tuple[str, int], Template | None],
) -> Stored:
    fields, steps = content_of(row.fields), content_of(row.steps)
    reached = None
    if steps and row.template is not None:
        named = row.template, row.template_version
        if named not in known:
            known[named] = _template(db, *named)
        reached = _status(known[named], fields, steps, row.status)
    layer = {name: getattr(row, name) for name in LAYER}
    return Stored(layer, row.status, reached, fields, steps, rounds)


def _template(db: Connection, name: str, version: int) -> Template | None:
    try:
        return templates.get(db, name, version).template
    except errors.NotFound:
        return None


def _status(
    template: Template | None, fields: dict[str, Any], steps: dict[str, Any], status: str
) -> str:
    """Where an item is by its steps; as it is told where its template is not known."""
    if template is None:
        return status
    return Course(template, fields, cast("dict[str, StepStatus]", steps), {}).status
