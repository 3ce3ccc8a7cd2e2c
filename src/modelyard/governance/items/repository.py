"""Rows of governed items."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from modelyard import errors
from modelyard.governance.items.types import Item, ItemSummary
from modelyard.store.paging import searchable
from modelyard.store.tables import governed_items

SUMMARY = tuple(ItemSummary.model_fields)
JSON = ("facts", "fields", "steps")
COLUMNS = (*SUMMARY, "digest", *JSON)


def get(db: Connection, item: str, *, lock: bool = False) -> Item:
    """Look an item up.

    Args:
        db: an open transaction.
        item: its id.
        lock: whether nobody else is to change it before the end of the transaction.

    Raises:
        NotFound: there is none; the message names some that are called alike.
    """
    found = find(db, item, lock=lock)
    if found is None:
        kind = item.partition(":")[0]
        known = db.scalars(select(governed_items.c.id).where(governed_items.c.kind == kind))
        raise errors.NotFound.among("item", item, known)
    return found


def find(db: Connection, item: str, *, lock: bool = False) -> Item | None:
    """The same; None if there is none."""
    columns = [governed_items.c[name] for name in COLUMNS]
    query = select(*columns).where(governed_items.c.id == item)
    row = db.execute(query.with_for_update() if lock else query).one_or_none()
    return None if row is None else built(row)


def add(db: Connection, item: Item) -> None:
    """Insert an item that people made; Conflict if its id is taken."""
    if find(db, item.id) is not None:
        raise errors.Conflict(f"there is an item {item.id!r} already; take another name")
    row = {**_columns(item), "readers": "", "marks": "{}", "searched": searchable(item.id)}
    db.execute(insert(governed_items).values(row))


def save(db: Connection, item: Item) -> None:
    """Write down what an item is now; it has been looked up with a lock.

    What its rooms tell is left as it is: facts and digest are written by what collects them.
    """
    left = {"id", "kind", "facts", "digest"}
    row = {name: value for name, value in _columns(item).items() if name not in left}
    db.execute(update(governed_items).where(governed_items.c.id == item.id).values(row))


def built(row: Row[Any]) -> Item:
    """An item of its row."""
    told = {name: getattr(row, name) for name in (*SUMMARY, "digest")}
    return Item(**told, **{name: json.loads(getattr(row, name)) for name in JSON})


def _columns(item: Item) -> dict[str, Any]:
    told = {name: getattr(item, name) for name in (*SUMMARY, "digest")}
    return told | {name: json.dumps(getattr(item, name), sort_keys=True) for name in JSON}
