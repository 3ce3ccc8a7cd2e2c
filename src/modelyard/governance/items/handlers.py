"""How governed items answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from modelyard import errors
from modelyard.governance.audit_check import check_events
from modelyard.governance.connection.syncing import synchronize
from modelyard.governance.items import deciding, ruling, scripts, timeline
from modelyard.governance.items.collecting import bring, collect, fresh, notice
from modelyard.governance.items.commands import (
    CheckEvents,
    CreateItem,
    DeleteItem,
    GovernItem,
    HideItem,
    ListEvents,
    ListRules,
    PlaceItem,
    SetRule,
    ShowItem,
    SyncItems,
    UnhideItem,
    UnsetRule,
)
from modelyard.governance.items.elsewhere import is_governed_elsewhere
from modelyard.governance.items.hooked import hooked
from modelyard.governance.items.ids import Kind, is_told
from modelyard.governance.items.possible import possible_with
from modelyard.governance.items.seeing import (
    READ,
    holder_of,
    require_decider,
    require_visible,
    require_writable,
    told,
    visible,
)
from modelyard.governance.items.settling import LOCK
from modelyard.governance.items.types import Event, Intact, Item, Rule, Synced
from modelyard.governance.roles.access import access_of
from modelyard.governance.roles.telling import tellable
from modelyard.governance.templates.roles import ItemRight
from modelyard.kernel.bus import handles
from modelyard.kernel.context import Context
from modelyard.kernel.values import now
from modelyard.store.database import exclusively
from modelyard.store.tables import governed_items


@handles(GovernItem)
def govern(command: GovernItem, context: Context) -> Item:
    """Bring it and what it belongs to up to date first, so that it is governed as it is now."""

    def begin(db: Connection) -> Item:
        item = _changeable(context, db, command.item)
        if item.parent is not None and is_told(item.parent):
            bring(context, db, item.parent)
        return deciding.govern(db, item, command.template, context.identity.name)

    require_writable(context, command.item, "create")
    return hooked(context, "create", begin)


@handles(HideItem)
def hide(command: HideItem, context: Context) -> Item:
    """Hide it with all below it."""
    with _changing(context, command.item, "delete") as (db, item):
        return told(context, db, deciding.hide(db, item, context.identity.name))


@handles(UnhideItem)
def unhide(command: UnhideItem, context: Context) -> Item:
    """Show it with all that was hidden with it."""
    with _changing(context, command.item, "delete") as (db, item):
        return told(context, db, deciding.unhide(db, item, context.identity.name))


@handles(PlaceItem)
def place(command: PlaceItem, context: Context) -> Item:
    """Let it belong to what whoever asks may see."""
    seen = visible(context)
    with _changing(context, command.item, "write") as (db, item):
        if command.under is not None:
            require_visible(db, command.under, seen)
        return told(context, db, deciding.place(db, item, command.under, context.identity.name))


@handles(CreateItem)
def create(command: CreateItem, context: Context) -> Item:
    """Make it, and place it."""
    kind: Kind = "initiative" if command.kind == "initiative" else "governed-project"
    seen, who = visible(context), context.identity.name

    def make(db: Connection) -> Item:
        exclusively(db, LOCK)
        item = deciding.create(db, kind, command.name, command.description, command.template, who)
        if not holder_of(context, db, item.id).may("create"):
            require_decider(context, "", item.id)
        if command.under is None:
            return item
        require_visible(db, command.under, seen)
        return deciding.place(db, item, command.under, who)

    return hooked(context, "create", make)


@handles(DeleteItem)
def delete(command: DeleteItem, context: Context) -> Item:
    """Let it be gone."""
    require_writable(context, command.item, "delete")

    def remove(db: Connection) -> Item:
        item = _changeable(context, db, command.item)
        return deciding.remove(db, item, context.identity.name)

    return hooked(context, "delete", remove)


@handles(ListRules)
def list_rules(_command: ListRules, context: Context) -> list[Rule]:
    """Those of the instance first."""
    projects = context.visible_projects(READ)
    with context.read() as db:
        return ruling.within(ruling.every(db), projects)


@handles(SetRule)
def set_rule(command: SetRule, context: Context) -> Rule:
    """Set it, and let it decide about what is there."""
    require_decider(context, command.project or "", f"rules for {command.kind}")
    who = context.identity.name
    rule = Rule(**command.model_dump(), set=now(), set_by=who)
    with context.begin() as db:
        scripts.require_allowed(context, db, rule)
        ruling.put(db, rule)
    collect(context)
    return rule


@handles(UnsetRule)
def unset_rule(command: UnsetRule, context: Context) -> None:
    """Leave what it decided; what it only suggested is new again."""
    require_decider(context, command.project or "", f"rules for {command.kind}")
    with context.begin() as db:
        if not ruling.remove(db, command.project, command.model, command.kind):
            raise errors.NotFound(
                f"there is no such rule for {command.kind}; `modelyard rules list` shows them"
            )
    collect(context)


@contextmanager
def _changing(context: Context, item: str, right: ItemRight) -> Iterator[tuple[Connection, Item]]:
    """A transaction in which an item that whoever asks may change is up to date and locked."""
    require_writable(context, item, right)
    with context.begin() as db:
        yield db, _changeable(context, db, item)


def _changeable(context: Context, db: Connection, item: str) -> Item:
    """An item that whoever asks sees, up to date, and locked until the end of the transaction."""
    found = bring(context, db, item)
    require_visible(db, item, visible(context))
    return found


@handles(SyncItems)
def sync(_command: SyncItems, context: Context) -> Synced:
    """Ask every room, and let the govern node know, if there is one."""
    found = collect(context, context.progress)
    with context.read() as db:
        if not is_governed_elsewhere(db):
            return found
    sent, told = synchronize(context, context.progress)
    return found.model_copy(update={"sent": sent, "told": told})


@handles(ShowItem)
def show_item(command: ShowItem, context: Context) -> Item:
    """Ask the rooms for this one anew."""
    notice(context, command.item)
    seen = visible(context)
    with context.read() as db:
        require_visible(db, command.item, seen)
        found = told(context, db, fresh(context, db, command.item))
        if is_governed_elsewhere(db):
            return found
        return found.model_copy(update={"possible": possible_with(context, db, found)})


@handles(CheckEvents)
def check_timeline(command: CheckEvents, context: Context) -> Intact:
    """Of an item that whoever asks may see."""
    seen = visible(context)
    with context.read() as db:
        require_visible(db, command.item, seen)
        return check_events(db, command.item, command.most)


@handles(ListEvents)
def list_events(command: ListEvents, context: Context) -> list[Event]:
    """Those of items that whoever asks may see."""
    notice(context, command.item)
    with context.read() as db:
        access = access_of(context, db)
        if command.item is not None:
            require_visible(db, command.item, access.visible())
        return timeline.events(
            db,
            command,
            access.visible() & tellable(access, governed_items),
            item=command.item,
            actor=command.actor,
            attribute=command.attribute,
        )
