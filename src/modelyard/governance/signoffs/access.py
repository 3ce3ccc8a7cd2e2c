"""What other rooms may ask of sign-offs."""

from __future__ import annotations

from sqlalchemy import Connection

from modelyard.governance.items.types import Item
from modelyard.governance.signoffs.desk import opened
from modelyard.governance.signoffs.showing import state_of
from modelyard.governance.signoffs.types import SignoffState
from modelyard.kernel.values import now


def signoffs_of(db: Connection, item: Item) -> list[SignoffState]:
    """The sign-offs of an item as they are at this moment, in the order of its steps.

    One that was approved is APPROVED only as long as it is of the item as it is given here; of one
    that lapsed `reason` says why. An item that is not governed has none.
    """
    if item.state != "governed" or item.template is None:
        return []
    desk = opened(db, item, now())
    return [state_of(desk, step) for step in desk.rounds]
