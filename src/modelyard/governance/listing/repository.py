"""Rows of saved views."""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select

from modelyard import errors
from modelyard.governance.listing.types import SavedView
from modelyard.kernel.paging import Page, Paged
from modelyard.kernel.values import now
from modelyard.store.json_values import Says
from modelyard.store.paging import page
from modelyard.store.tables import governed_views

OF = governed_views.c
EVERYBODY = ""
"""In place of an owner: the view is shared."""


def put(db: Connection, view: SavedView) -> None:
    """Write a view down, in place of one of its name."""
    whose = EVERYBODY if view.shared else view.owner
    remove(db, view.name, whose)
    row = {"name": view.name, "whose": whose, "body": view.model_dump_json(exclude_unset=True)}
    db.execute(insert(governed_views).values(row))


def remove(db: Connection, name: str, whose: str) -> None:
    """Delete a view."""
    db.execute(delete(governed_views).where(OF.name == name, OF.whose == whose))


def get(db: Connection, name: str, who: str, *, shared: bool | None = None) -> SavedView:
    """A view by its name: one's own before the one that everybody has.

    Args:
        db: an open transaction.
        name: of the view.
        who: asks.
        shared: whether only the one that everybody has is meant, or only one's own; None: either.

    Raises:
        NotFound: there is none.
    """
    owners = {None: (who, EVERYBODY), True: (EVERYBODY,), False: (who,)}[shared]
    query = select(OF.whose, OF.body).where(OF.whose.in_(owners))
    found = {row.whose: row.body for row in db.execute(query.where(OF.name == name))}
    for whose in owners:
        if whose in found:
            return _built(found[whose])
    known = db.scalars(select(OF.name).where(OF.whose.in_(owners)))
    raise errors.NotFound.among("view", name, known)


def hand_over(db: Connection, view: SavedView, *, shared: bool, who: str) -> SavedView:
    """Let a view be everybody's, or somebody's own again.

    Raises:
        Conflict: there is another one of its name already.
    """
    before, after = (who, EVERYBODY) if shared else (EVERYBODY, who)
    mine = OF.name == view.name
    if db.execute(select(OF.name).where(mine, OF.whose == after)).first() is not None:
        whose = "a shared view" if shared else "a view of your own"
        raise errors.Conflict(
            f"there is {whose} {view.name!r} already; delete that, or save this one under another "
            "name"
        )
    handed = view.model_copy(update={"shared": shared, "owner": who, "changed": now()})
    remove(db, view.name, before)
    put(db, handed)
    return handed


def every(db: Connection, who: str, asked: Paged, *, menu: bool = False) -> Page[SavedView]:
    """The views of somebody, and those that everybody has, by name.

    Args:
        db: an open transaction.
        who: asks.
        asked: which part of them.
        menu: whether only those are meant that stand in the navigation.
    """
    query = select(OF.body).where(OF.whose.in_((who, EVERYBODY)))
    if menu:
        query = query.where(Says(OF.body, ["menu"], [("is", True)]))
    return page(db, query, [OF.name, OF.whose], asked, lambda row: _built(row.body))


def _built(body: str) -> SavedView:
    return SavedView.model_validate_json(body)
