"""Order by what a field of templates says: numbers and options as they are, then texts."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Double, Subquery, case, func, literal, select

from modelyard.governance.roles.access import Access
from modelyard.governance.roles.values import FIELDS, text_of
from modelyard.governance.templates.fields import CategoryField
from modelyard.store.tables import governed_items, item_values

RANKS = (0, 1, 2)
"""Of numbers, of texts, of what says nothing."""


def said_in(field: str) -> Subquery:
    """What a field says in each item, of several values the first."""
    of = item_values.c
    mine = (of.part == FIELDS, of.name == field, of.place == 0)
    return select(of.item, of.text, of.number).where(*mine).subquery()


def order_by(
    field: str, said: Subquery, access: Access, *, descending: bool
) -> list[ColumnElement[Any]]:
    """What items are ordered by, never null; what is kept from whoever asks says nothing.

    Args:
        field: of templates; options of a category count by their place in it.
        said: what the field says, joined to the items.
        access: of whoever asks.
        descending: whether the greatest comes first; what says nothing is last all the same.
    """
    places: dict[str, float] = {}
    for _, template in sorted(access.templates.items(), reverse=True):
        found = template.field(field)
        for option in found.options if isinstance(found, CategoryField) else ():
            places.setdefault(text_of(option), float(len(places)))
    number: ColumnElement[Any] = said.c.number
    if places:
        number = case(places, value=said.c.text, else_=number)
    is_known = access.reads(field, governed_items) & said.c.item.is_not(None)
    first, second, last = reversed(RANKS) if descending else RANKS
    return [
        case((~is_known, last), (number.is_not(None), first), else_=second),
        case((is_known, func.coalesce(number, literal(0.0, Double()))), else_=0.0),
        case((is_known & number.is_(None), said.c.text), else_=""),
    ]
