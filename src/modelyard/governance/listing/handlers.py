"""How lists of governed items answer, and views of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from sqlalchemy import ColumnElement

from modelyard import errors
from modelyard.governance.items.collecting import notice
from modelyard.governance.items.ids import OWN
from modelyard.governance.items.seeing import require_decider
from modelyard.governance.items.types import ListedItem
from modelyard.governance.listing import reading, registry, repository
from modelyard.governance.listing.business import business_items, with_fields
from modelyard.governance.listing.commands import (
    DeleteView,
    ListBusiness,
    ListGovernedBundles,
    ListGovernedModels,
    ListItems,
    ListViews,
    SaveView,
    ShareView,
    ShowView,
    WithdrawView,
)
from modelyard.governance.listing.filtering import Looking
from modelyard.governance.listing.filters import read_filter
from modelyard.governance.listing.registry_types import BundleLine, BusinessItem, ModelLine
from modelyard.governance.listing.types import SavedView
from modelyard.governance.roles.access import access_of
from modelyard.kernel.bus import handles
from modelyard.kernel.context import Context
from modelyard.kernel.paging import Page
from modelyard.kernel.values import now
from modelyard.store.tables import governed_items

L = TypeVar("L")
MOST = 200
"""Views of one's own."""


@handles(ListItems)
def list_items(command: ListItems, context: Context) -> list[ListedItem]:
    """Look whether anything changed, unless somebody just did, and list them."""
    return _listed(command, context)


def _listed(
    command: ListItems, context: Context, further: Iterable[ColumnElement[bool]] = ()
) -> list[ListedItem]:
    wanted = [read_filter(command.where)]
    notice(context)
    with context.read() as db:
        access = access_of(context, db)
        if command.view is not None:
            view = repository.get(db, command.view, context.identity.name)
            wanted.append(view.where)
            command = _as_viewed(command, view)
        looking = Looking(now(), lambda field: access.reads(field, governed_items))
        met = [looking.holding(each) for each in wanted if each is not None]
        found = reading.listed(db, command, access, [*met, *further])
        found[:] = with_fields(db, found, access, command.field)
        return found


def _as_viewed(command: ListItems, view: SavedView) -> ListItems:
    """A list as a view has it, but for what is asked for otherwise."""
    told: dict[str, Any] = {
        "kind": command.kind or view.kind,
        "group": command.group or view.group,
        "field": command.field or view.field,
    }
    if command.sort is None and command.by_field is None:
        told |= view.model_dump(include={"sort", "by_field", "reverse"})
    return command.model_copy(update=told)


@handles(ListGovernedModels)
def list_models(command: ListGovernedModels, context: Context) -> list[ModelLine]:
    """By their ids; versions as far as whoever asks sees them."""
    asked = ListItems(kind="model", **_of(command))
    notice(context)
    with context.read() as db:
        access = access_of(context, db)
        found = reading.listed(db, asked, access)
        return _page(found, registry.models(db, found, access.visible(), command.metric))


@handles(ListGovernedBundles)
def list_bundles(command: ListGovernedBundles, context: Context) -> list[BundleLine]:
    """By their ids."""
    asked = ListItems(kind="bundle", **_of(command))
    notice(context)
    with context.read() as db:
        access = access_of(context, db)
        found = reading.listed(db, asked, access)
        return _page(found, registry.bundles(db, found, access.visible()))


@handles(ListBusiness)
def list_business(command: ListBusiness, context: Context) -> list[BusinessItem]:
    """By their ids, with fields as far as whoever asks may know them."""
    kind = command.kind
    if kind is None and command.view is not None:
        kind = show_view(ShowView(name=command.view), context).kind
    kinds = [kind] if kind else sorted(OWN)
    asked = command.model_dump(include={"search", "where", "view", "limit", "after"})
    of = governed_items.c
    further = [of.kind.in_(kinds), of.state == "governed"]
    found = _listed(ListItems(**asked, kind=kind), context, further)
    with context.read() as db:
        return _page(found, business_items(db, found, access_of(context, db)))


def _of(command: ListGovernedModels | ListGovernedBundles) -> dict[str, Any]:
    return command.model_dump(include={"project", "state", "search", "limit", "after"})


def _page(found: list[ListedItem], lines: list[L]) -> Page[L]:
    """Other lines in place of the items of a part of a list."""
    part = found if isinstance(found, Page) else Page(found)
    return Page(lines, following=part.next, first=part.first, total=part.total)


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
        return repository.every(db, context.identity.name, command, menu=command.menu)


@handles(ShowView)
def show_view(command: ShowView, context: Context) -> SavedView:
    """Look it up."""
    with context.read() as db:
        return repository.get(db, command.name, context.identity.name, shared=command.shared)


@handles(ShareView)
def share_view(command: ShareView, context: Context) -> SavedView:
    """One's own, which nobody else had."""
    require_decider(context, "", f"the shared view {command.name}")
    return _handed_over(command.name, context, shared=True)


@handles(WithdrawView)
def withdraw_view(command: WithdrawView, context: Context) -> SavedView:
    """That of everybody, whoever saved it."""
    require_decider(context, "", f"the shared view {command.name}")
    return _handed_over(command.name, context, shared=False)


def _handed_over(name: str, context: Context, *, shared: bool) -> SavedView:
    who = context.identity.name
    with context.begin() as db:
        view = repository.get(db, name, who, shared=not shared)
        return repository.hand_over(db, view, shared=shared, who=who)


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
