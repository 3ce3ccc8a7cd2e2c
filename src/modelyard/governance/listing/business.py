"""Business items with what is said of them, as far as somebody may know it."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlalchemy import Connection, select

from modelyard.governance.items.seeing import legible
from modelyard.governance.items.types import ListedItem
from modelyard.governance.listing.registry_types import BusinessItem
from modelyard.governance.roles.access import Access
from modelyard.store.tables import governed_items

OF = governed_items.c


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
            **dict(each),
            description=json.loads(rows[each.id].facts)[each.kind].get("description", ""),
            fields=legible(holders[each.id], json.loads(rows[each.id].fields)),
            steps=json.loads(rows[each.id].steps),
            may_fill=each.gone is None and holders[each.id].may("write"),
        )
        for each in found
    ]
