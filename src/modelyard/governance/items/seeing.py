"""Who may see which items, and what of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from sqlalchemy import ColumnElement, Connection, select

from modelyard import errors
from modelyard.governance.access import is_granted, require_right
from modelyard.governance.items.ids import is_placed, project_of
from modelyard.governance.items.types import Item
from modelyard.governance.roles.access import access_of
from modelyard.governance.roles.people import READ, WRITE
from modelyard.governance.roles.rights import Holder
from modelyard.governance.templates.roles import ItemRight
from modelyard.kernel.context import Context
from modelyard.store.tables import governed_items

__all__ = ["READ", "WRITE"]
V = TypeVar("V")


def visible(context: Context) -> ColumnElement[bool]:
    """The condition of the items that whoever asks may see.

    Those of projects in which they may read, and those of no project; of infrastructures and what
    is on them only where their groups may see these; as far as templates leave it so. Besides those
    about which they are asked, and those that roles let them read.
    """
    with context.read() as db:
        return access_of(context, db).visible()


def holder_of(context: Context, db: Connection, item: str) -> Holder:
    """What whoever asks is on an item that is there."""
    return access_of(context, db).on(db, [item])[item]


def told(context: Context, db: Connection, item: Item) -> Item:
    """An item as whoever asks may know it: without fields that are kept from them."""
    return item.model_copy(update={"fields": legible(holder_of(context, db, item.id), item.fields)})


def legible(holder: Holder, values: Mapping[str, V]) -> dict[str, V]:
    """Those of some values by their fields that somebody may know."""
    if holder.person.governs:
        return dict(values)
    if holder.template is None:
        return {}
    reads = holder.reads
    return {name: value for name, value in values.items() if name in reads}


def require_writable(context: Context, item: str, right: ItemRight) -> None:
    """Refuse who may not decide about an item.

    That takes a contributor of its project, or a role with the right; of one of no project such a
    role, an instance admin, or a group with govern:write.

    Raises:
        NotFound: they may not see its project.
        Forbidden: they may not; the message says who can grant it.
    """
    with context.read() as db:
        held = access_of(context, db).on(db, [item]).get(item)
    if held is None or not held.may(right):
        require_decider(context, project_of(item), item)


def require_decider(context: Context, project: str, about: str) -> None:
    """Refuse who may not decide in a project, or, without one, about the instance; as above.

    Nobody has a role in projects of other workspaces, so these are decided about like the instance.
    """
    if project and not is_placed(project):
        require_right(context, WRITE, project)
        return
    with context.read() as db:
        if not is_granted(db, context.identity, WRITE):
            raise errors.Forbidden(
                f"the user {context.identity.name} may not decide about {about}, which is of no "
                f"project: it takes an instance admin, or a group with the right {WRITE}",
                right=WRITE,
            )


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
