"""Who may see which items."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Connection, or_, select, true, union

from modelyard import errors
from modelyard.governance.access import groups_of, is_granted, require_right
from modelyard.governance.items.ids import project_of
from modelyard.governance.standing import standing_of
from modelyard.kernel.context import Context
from modelyard.store.tables import governed_items, item_people, signoff_delegates

READ, WRITE = "govern:read", "govern:write"


def visible(context: Context) -> ColumnElement[bool]:
    """The condition of the items that whoever asks may see.

    Those of projects in which they may read, and those of no project; of infrastructures and what
    is on them only where their groups may see these. Besides those about which they are asked.
    """
    of = governed_items.c
    projects = context.visible_projects(READ)
    seen = true() if projects is None else of.project.in_(["", *projects])
    with context.read() as db:
        if is_granted(db, context.identity, WRITE):
            return seen
        mine = sorted(groups_of(db, context.identity))
        is_whole = not standing_of(db, context.identity).projects
    groups = [of.readers.contains(f"\n{name}\n", autoescape=True) for name in mine]
    by_itself = seen & or_(of.readers == "", *groups)
    if not is_whole:
        return by_itself
    return or_(by_itself, of.id.in_(_asked_about(context.identity.name, mine)))


def _asked_about(user: str, groups: Iterable[str]) -> CompoundSelect[Any]:
    """The items of which a template or a sign-off names somebody, or a group of theirs."""
    named, handed_on = item_people.c, signoff_delegates.c
    of_user = (named.kind == "user") & (named.name == user)
    of_group = (named.kind == "group") & named.name.in_(groups)
    return union(
        select(named.item).where(or_(of_user, of_group)),
        select(handed_on.item).where(handed_on.user == user),
    )


def require_writable(context: Context, item: str) -> None:
    """Refuse who may not decide about an item.

    That takes a contributor of its project; of one of no project an instance admin, or a group
    with the right.

    Raises:
        NotFound: they may not see its project.
        Forbidden: they may not; the message says who can grant it.
    """
    require_decider(context, project_of(item), item)


def require_decider(context: Context, project: str, about: str) -> None:
    """Refuse who may not decide in a project, or, without one, about the instance; as above."""
    if project:
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
