"""How lists of governed items answer, and views of them."""

from __future__ import annotations

from modelyard import errors
from modelyard.governance.items.collecting import notice
from modelyard.governance.items.seeing import require_decider
from modelyard.governance.items.types import ListedItem
from modelyard.governance.listing import reading, repository
from modelyard.governance.listing.commands import (
    DeleteView,
    ListItems,
    ListViews,
    SaveView,
    ShowView,
)
from modelyard.governance.listing.filtering import Looking
from modelyard.governance.listing.filters import read_filter
from modelyard.governance.listing.types import SavedView
from modelyard.governance.roles.access import access_of
from modelyard.kernel.bus import handles
from modelyard.kernel.context import Context
from modelyard.kernel.values import now
from modelyard.store.tables import governed_items

MOST = 200
"""Views of one's own."""


@handles(ListItems)
def list_items(command: ListItems, context: Context) -> list[ListedItem]:
    """Look whether anything changed, unless somebody just did, and list them."""
    wanted = [read_filter(command.where)]
    notice(context)
    with context.read() as db:
        access = access_of(context, db)
        if command.view is not None:
            view = repository.get(db, command.view, context.identity.name)
            wanted.append(view.where)
            told = {"group": command.group or view.group, "sort": command.sort or view.sort}
            command = command.model_copy(update=told)
        looking = Looking(now(), lambda field: access.reads(field, governed_items))
        met = [looking.holding(each) for each in wanted if each is not None]
        return reading.listed(db, command, access.visible(), met)


@handles(SaveView)
def save_view(command: SaveView, context: Context) -> SavedView:
    """For oneself, or for everybody."""
    if command.shared:
        require_decider(context, "", f"the shared view {command.name}")
    said = command.model_dump(exclude={"where", "column", "by"})
    who = context.identity.name
    view = SavedView(
        **{name: value for name, value in said.items() if name in SavedView.model_fields},
        where=read_filter(command.where),
        columns=command.column,
        owner=who,
        changed=now(),
    )
    with context.begin() as db:
        repository.put(db, view)
        if len(repository.every(db, who, ListViews())) > MOST:
            raise errors.Conflict(f"there are {MOST} views already; delete one first")
    return view


@handles(ListViews)
def list_views(command: ListViews, context: Context) -> list[SavedView]:
    """By name."""
    with context.read() as db:
        return repository.every(db, context.identity.name, command)


@handles(ShowView)
def show_view(command: ShowView, context: Context) -> SavedView:
    """Look it up."""
    with context.read() as db:
        return repository.get(db, command.name, context.identity.name, shared=command.shared)


@handles(DeleteView)
def delete_view(command: DeleteView, context: Context) -> None:
    """One's own, or, if one may, that of everybody."""
    who = context.identity.name
    with context.read() as db:
        view = repository.get(db, command.name, who, shared=command.shared)
    if view.shared:
        require_decider(context, "", f"the shared view {command.name}")
    with context.begin() as db:
        repository.remove(db, view.name, repository.EVERYBODY if view.shared else who)
