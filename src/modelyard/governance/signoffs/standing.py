"""How an item is governed, in a word."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection

from modelyard.governance.items import repository as items
from modelyard.governance.items.types import ItemSummary
from modelyard.governance.signoffs.desk import opened
from modelyard.governance.signoffs.types import Standing, Stands
from modelyard.governance.templates.words import SignoffStatus
from modelyard.kernel.values import now

WORST: dict[SignoffStatus, Stands] = {
    "REJECTED": "rejected",
    "ABANDONED": "abandoned",
    "WAITING_FOR_FEEDBACK": "in_review",
    "WAITING_FOR_APPROVAL": "in_review",
}


def stands(signoffs: Collection[SignoffStatus]) -> Stands:
    """The word for a governed item, of which these are the sign-offs."""
    found = next((word for status, word in WORST.items() if status in signoffs), None)
    return found or ("approved" if signoffs and set(signoffs) == {"APPROVED"} else "governed")


def of_item(db: Connection, item: str) -> Standing:
    """What was last written down of an item.

    Raises:
        NotFound: there is none.
    """
    found = items.get(db, item)
    told = {name: getattr(found, name) for name in ItemSummary.model_fields}
    if found.state != "governed":
        return Standing(**told, stands=found.state, signoffs={})
    signoffs = opened(db, found, now()).course.signoffs
    return Standing(**told, stands=stands(signoffs.values()), signoffs=dict(signoffs))
