"""How sign-offs are, told by queries over many items."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, select

from modelyard.governance.signoffs.machine import BOUND
from modelyard.store.isotimes import IsoTime
from modelyard.store.tables import governed_items, signoffs

ANEW = "NOT_STARTED"


def signed(at: datetime) -> Select[Any]:
    """Item, step and status of the sign-offs of governed items as they are at a moment.

    What was said of another life of an item is left out. One that is about what is no longer so,
    or whose time is over, has begun anew, as `machine.settled` has it.
    """
    of, items = signoffs.c, governed_items.alias()
    on = items.c
    life = IsoTime(on.created).concat(" ").concat(func.coalesce(on.template, ""))
    is_over = and_(of.status == "APPROVED", of.due <= at)
    is_of_other = and_(of.status.in_(BOUND), of.facts != on.digest)
    status: ColumnElement[str] = case((is_over | is_of_other, literal(ANEW)), else_=of.status)
    mine = and_(on.id == of.item, of.life == life, on.state == "governed")
    query = select(of.item, of.step, status.label("status")).join(items, mine)
    return query.where(of.current)
