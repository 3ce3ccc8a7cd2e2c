"""Items with what is said of them, as far as somebody may know it."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence

from sqlalchemy import Connection, select

from modelyard.governance.items.seeing import legible
from modelyard.governance.items.types import ListedItem
from modelyard.governance.listing.registry_types import BusinessItem
from modelyard.governance.roles.access import Access
from modelyard.store.tables import governed_items

OF = governed_items.c


def with_fields(
    db: Connection, found: Sequence[ListedItem], access: Access, fields: Collection[str]
) -> list[ListedItem]:
    """The same items with what some fields say, as far as whoever asks may know it."""
    names = [each.id for each in found if each.template is not None]
    if not fields or not names:
        return list(found)
    rows = db.execute(select(OF.id, OF.fields).where(OF.id.in_(names)))
    said = {row.id: json.loads(row.fields) for row in rows}
    holders = access.on(db, names)
    told = {
        item: {name: value for name, value in legible(holders[item], values).items()
               if name in fields}
        for item, values in said.items()
    }  # fmt: skip
    return [each.model_copy(update={"fields": told.get(each.id, {})}) for each in found]


def business_items(
    db: Connection, found: Sequence[ListedItem], access: Access
) -> list[BusinessItem]:
    """The same items with their fields and steps."""
    names = [each.id for each in found]
    query = select(OF.id, OF.facts, OF.fields, OF.steps).where(OF.id.in_(names))
    rows = {row.id: row for row in db.execute(query)}
    holders = access.on(db, names)
    return [
        BusinessItem(
            **dict(each) | {"fields": legible(holders[each.id], json.loads(rows[each.id].fields))},
            description=json.loads(rows[each.id].facts).get(each.kind, {}).get("description", ""),
            steps=json.loads(rows[each.id].steps),
            may_fill=each.gone is None and holders[each.id].may("write"),
        )
        for each in found
    ]
