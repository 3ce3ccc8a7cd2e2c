"""What other rooms may ask of sign-offs."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from modelyard.governance.items.types import Item
from modelyard.governance.signoffs import repository
from modelyard.governance.signoffs.desk import opened
from modelyard.governance.signoffs.showing import state_of
from modelyard.governance.signoffs.types import Round, SignoffState
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


@dataclass(frozen=True)
class AskedOf:
    """What is asked of an item, and what came of it."""

    required: tuple[str, ...] = ()
    """Ids of the fields that have to be filled in."""
    signoffs: tuple[SignoffState, ...] = ()
    """As `signoffs_of` tells them."""
    decided: tuple[tuple[str, Round], ...] = ()
    """Every round that ended with a decision, with its step, the oldest first."""


def asked_of(db: Connection, item: Item) -> AskedOf:
    """What the template of an item asks at this moment; nothing of one that is not governed."""
    if item.state != "governed" or item.template is None:
        return AskedOf()
    desk = opened(db, item, now())
    fields = desk.template.fields
    return AskedOf(
        tuple(each.id for each in fields if each.required and desk.course.shows(each)),
        tuple(state_of(desk, step) for step in desk.rounds),
        tuple(repository.ended(db, item)),
    )
