"""Who may see which items."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, or_, select, true

from modelyard import errors
from modelyard.governance.access import groups_of, is_granted
from modelyard.kernel.context import Context
from modelyard.store.tables import governed_items

READ, WRITE = "govern:read", "govern:write"


def visible(context: Context) -> ColumnElement[bool]:
    """The condition of the items that whoever asks may see.

    Those of projects in which they may read, and those of no project; of infrastructures and what
    is on them only where their groups may see these.
    """
    of = governed_items.c
    projects = context.visible_projects(READ)
    seen = true() if projects is None else of.project.in_(["", *projects])
    with context.read() as db:
        if is_granted(db, context.identity, WRITE):
            return seen
        mine = groups_of(db, context.identity)
    groups = [of.readers.contains(f"\n{name}\n", autoescape=True) for name in sorted(mine)]
    return seen & or_(of.readers == "", *groups)


def require_visible(db: Connection, item: str, seen: ColumnElement[bool]) -> None:
    """Refuse an item that is not there, or that whoever asks may not see.

    Raises:
        NotFound: the message names some that are called alike.
    """
    of = governed_items.c
    if db.scalar(select(of.id).where(of.id == item, seen)) is None:
        kind = item.partition(":")[0]
        known = db.scalars(select(of.id).where(of.kind == kind, of.gone.is_(None), seen))
        raise errors.NotFound.among("item", item, known)
