"""What items say, row by row, so that rules about who sees them can look at it in the database."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, Select, delete, insert, select

from modelyard.store.tables import item_values

FIELDS, STEPS = "fields", "steps"
BEGIN = "NOT_STARTED"
"""How a step is that has no row."""
LONGEST = 410
"""Letters of JSON that are kept; of what is longer a digest is."""
MOST = 100
"""Values of a field that are kept."""
WITHIN = "null"
"""In place of a value that holds others: no rule looks into it."""

Says = tuple[str, Mapping[str, Any], Mapping[str, Any]]
"""An item, with the values of its fields and how its steps are."""


def note(db: Connection, items: Iterable[Says]) -> None:
    """Write down what some items say from now on."""
    said = list(items)
    names = [item for item, _, _ in said]
    db.execute(delete(item_values).where(item_values.c.item.in_(names)))
    rows = [row for each in said for row in _rows(*each)]
    if rows:
        db.execute(insert(item_values), rows)


def saying(part: str, name: str) -> Select[Any]:
    """The items that say something under a name; with rows one can ask more of."""
    of = item_values.c
    return select(of.item).where(of.part == part, of.name == name)


def text_of(value: Any) -> str:
    """A value as rows hold it: numbers are equal whether they are whole or not."""
    plain = int(value) if isinstance(value, float) and value.is_integer() else value
    text = json.dumps(plain)
    return text if len(text) <= LONGEST else f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _rows(
    item: str, fields: Mapping[str, Any], steps: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    said = [(FIELDS, name, value) for name, value in fields.items()]
    said += [(STEPS, name, status) for name, status in steps.items() if status != BEGIN]
    for part, name, value in said:
        values = value if isinstance(value, list) else [value]
        is_deep = any(isinstance(each, dict | list) for each in values)
        for place, each in enumerate([None] if is_deep else values[:MOST]):
            is_number = isinstance(each, int | float) and not isinstance(each, bool)
            yield {
                "item": item,
                "part": part,
                "name": name,
                "place": place,
                "text": WITHIN if each is None else text_of(each),
                "number": float(each) if is_number and each is not None else None,
            }
