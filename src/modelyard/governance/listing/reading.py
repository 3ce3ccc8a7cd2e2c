"""Reading parts of the list of items, as they are asked for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, or_, select

from modelyard.governance.items.repository import SUMMARY
from modelyard.governance.items.types import ListedItem
from modelyard.governance.listing.commands import ListItems
from modelyard.governance.listing.ordering import order_by, said_in
from modelyard.governance.listing.signed import signed
from modelyard.governance.roles.access import Access
from modelyard.kernel.paging import Page
from modelyard.kernel.values import now
from modelyard.store.paging import matches, page
from modelyard.store.tables import governed_items, signoffs

L = TypeVar("L", bound=ListedItem)
OF = governed_items.c
COLUMNS = ("kind", "state", "project", "stage", "status", "template")
"""What has to be as it is asked for."""
MOST = 500
"""Items whose sign-offs are asked for by their ids; those of more are all looked up."""


def listed(
    db: Connection,
    asked: ListItems,
    access: Access,
    conditions: Iterable[ColumnElement[bool]] = (),
) -> Page[ListedItem]:
    """The part of the items that is asked for, out of those that somebody sees, on conditions."""
    seen = access.visible()
    query: Select[Any] = select(*(OF[name] for name in SUMMARY), _below(seen).label("below"))
    query = query.where(seen, _wanted(asked, seen), *conditions)
    by: list[ColumnElement[Any]] = [OF.id]
    is_descending = asked.reverse
    if asked.by_field is not None:
        said = said_in(asked.by_field)
        query = query.outerjoin(said, said.c.item == OF.id)
        by[:0] = order_by(asked.by_field, said, access, descending=is_descending)
    elif asked.sort not in (None, "id"):
        by.insert(0, OF[asked.sort])
        is_descending ^= asked.sort == "changed"
    if asked.group is not None:
        by.insert(0, func.coalesce(OF[asked.group], ""))
    found = page(db, query, by, asked, _built, descending=is_descending, counted=True)
    found[:] = with_signoffs(db, found)
    return found


def _wanted(asked: ListItems, seen: ColumnElement[bool]) -> ColumnElement[bool]:
    wanted: list[ColumnElement[bool]] = [OF.gone.is_not(None) if asked.gone else OF.gone.is_(None)]
    if asked.state is None:
        wanted.append(OF.state != "hidden")
    for name in COLUMNS:
        value = getattr(asked, name)
        if value is not None:
            wanted.append(OF[name] == value)
    if asked.under is not None:
        wanted.append(OF.parent == asked.under)
    if asked.top:
        above = select(OF.id).where(seen, OF.gone.is_(None), OF.state != "hidden").subquery()
        is_seen = select(above.c.id).where(above.c.id == OF.parent).exists()
        wanted.append(or_(OF.parent.is_(None), ~is_seen))
    if asked.search:
        wanted.append(matches(OF.searched, asked.search))
    return and_(*wanted)


def _below(seen: ColumnElement[bool]) -> ColumnElement[int]:
    """How many belong to an item."""
    inside = select(OF.parent).where(seen, OF.gone.is_(None), OF.state != "hidden").subquery()
    return select(func.count()).where(inside.c.parent == OF.id).scalar_subquery()


def with_signoffs(db: Connection, found: Sequence[L]) -> list[L]:
    """The same items with their sign-offs that have begun."""
    governed = [each.id for each in found if each.state == "governed"]
    if not governed:
        return list(found)
    query = signed(now())
    if len(governed) <= MOST:
        query = query.where(signoffs.c.item.in_(governed))
    told: dict[str, dict[str, Any]] = defaultdict(dict)
    for row in db.execute(query):
        told[row.item][row.step] = row.status
    return [
        each.model_copy(update={"signoffs": told[each.id]}) if each.id in told else each
        for each in found
    ]


def _built(row: Row[Any]) -> ListedItem:
    return ListedItem(**{name: getattr(row, name) for name in (*SUMMARY, "below")})
