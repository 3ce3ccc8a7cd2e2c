"""What one can ask of governed items."""

from __future__ import annotations

from pydantic import Field

from modelyard.governance.items.ids import ItemId, Kind
from modelyard.governance.items.types import Event, Item, ItemSummary, State, Synced
from modelyard.kernel.command import Command
from modelyard.kernel.paging import Paged
from modelyard.kernel.values import Name, ProjectKey

ITEM = Field(
    description="id of the item: KIND:PATH, as govern items lists it",
    examples=["version:flights/delay/v4"],
)


class ListItems(Command[list[ItemSummary]], Paged):
    """List what can be governed, and what is, in the projects that you may see."""

    needs = "govern:read"
    route = "GET /govern/items"

    kind: Kind | None = Field(default=None, description="only items of this kind")
    state: State | None = Field(default=None, description="only those in this state")
    project: ProjectKey | None = Field(default=None, description="only those of this project")
    stage: Name | None = Field(
        default=None, description="only infrastructures of this stage, and what is on them"
    )
    under: ItemId | None = Field(default=None, description="only those that belong to this item")
    search: str = Field(
        default="", max_length=200, description="only ids or descriptions that contain this"
    )
    gone: bool = Field(default=False, description="those whose sources were deleted instead")


class ShowItem(Command[Item]):
    """Show an item as it is at this moment: what is told of it, and what was made of it."""

    needs = "govern:read"
    route = "GET /govern/item"
    arguments = ("item",)

    item: ItemId = ITEM


class ListEvents(Command[list[Event]], Paged):
    """List what changed of items, the newest first: who, when, from what to what."""

    needs = "govern:read"
    route = "GET /govern/timeline"
    arguments = ("item",)

    item: ItemId | None = Field(default=None, description="only of this item  [all]")
    actor: str | None = Field(default=None, max_length=128, description="only what they changed")
    attribute: str | None = Field(
        default=None,
        max_length=200,
        description="only this attribute, such as state, or all of a section, such as version",
    )


class SyncItems(Command[Synced]):
    """Bring all items up to date now, which workers and lists do every half a minute."""

    needs = "govern:write"
    route = "POST /govern/sync"
    title = "Bring governed items up to date"
    background = True

    def exclusive_key(self) -> str:
        """One look at a time is enough."""
        return "govern sync"
