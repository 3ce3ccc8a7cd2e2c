"""How governed items answer."""

from __future__ import annotations

from modelyard.governance.items import repository, timeline
from modelyard.governance.items.collecting import collect, collect_due, fresh
from modelyard.governance.items.commands import ListEvents, ListItems, ShowItem, SyncItems
from modelyard.governance.items.seeing import require_visible, visible
from modelyard.governance.items.types import Event, Item, ItemSummary, Synced
from modelyard.kernel.bus import handles
from modelyard.kernel.context import Context


@handles(SyncItems)
def sync(_command: SyncItems, context: Context) -> Synced:
    """Ask every room."""
    return collect(context, context.progress)


@handles(ListItems)
def list_items(command: ListItems, context: Context) -> list[ItemSummary]:
    """Look whether anything changed, unless somebody just did, and list them."""
    collect_due(context)
    seen = visible(context)
    wanted = {
        "kind": command.kind,
        "state": command.state,
        "project": command.project,
        "stage": command.stage,
        "parent": command.under,
    }
    with context.read() as db:
        return repository.every(db, command, seen, wanted, search=command.search, gone=command.gone)


@handles(ShowItem)
def show_item(command: ShowItem, context: Context) -> Item:
    """Ask the rooms for this one anew."""
    collect_due(context)
    seen = visible(context)
    with context.read() as db:
        require_visible(db, command.item, seen)
        return fresh(context, db, command.item)


@handles(ListEvents)
def list_events(command: ListEvents, context: Context) -> list[Event]:
    """Those of items that whoever asks may see."""
    collect_due(context)
    seen = visible(context)
    with context.read() as db:
        if command.item is not None:
            require_visible(db, command.item, seen)
        return timeline.events(
            db,
            command,
            seen,
            item=command.item,
            actor=command.actor,
            attribute=command.attribute,
        )
