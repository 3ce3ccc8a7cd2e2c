"""What one can ask of governed items."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from modelyard.governance.items.ids import ItemId, Kind
from modelyard.governance.items.types import (
    Event,
    Intact,
    Item,
    Rule,
    RuleAction,
    Synced,
)
from modelyard.kernel.command import Command
from modelyard.kernel.paging import Paged
from modelyard.kernel.values import Description, Name, PlacedProject

ID = "id of the item: KIND:PATH, as govern items lists it"
ITEM = Field(description=ID, examples=["version:flights/delay/v4"])
ANY_ITEM = Field(description=ID, examples=["project:default"])
"""Of what is asked about items of all kinds."""


class ShowItem(Command[Item]):
    """Show an item as it is at this moment: what is told of it, and what was made of it."""

    needs = "govern:read"
    route = "GET /govern/item"
    arguments = ("item",)

    item: ItemId = ANY_ITEM


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


class CheckEvents(Command[Intact]):
    """Compare what the timeline says of an item with its hashes, from its first event to its last.

    What was changed or removed between the two is found; audit verify looks at all there is.
    """

    needs = "govern:read"
    route = "GET /govern/timeline/check"
    arguments = ("item",)

    item: ItemId = ANY_ITEM
    most: int = Field(
        default=5000, ge=1, le=1_000_000, description="compare so many events, or none if more are"
    )


class OfItem(Command[Item]):
    """A change of one item."""

    needs = "govern:write"
    arguments = ("item",)

    item: ItemId = ITEM


class GovernItem(OfItem):
    """Begin to govern an item by a template; what it belongs to has to be governed before."""

    route = "POST /govern/item/govern"

    item: ItemId = ANY_ITEM
    template: Name | None = Field(
        default=None, description="name of the template  [the standard one of its kind]"
    )


class HideItem(OfItem):
    """Hide an item that is not to be governed, with all that belongs to it."""

    route = "POST /govern/item/hide"


class UnhideItem(OfItem):
    """Show an item again that was hidden, and what was hidden with it."""

    route = "POST /govern/item/unhide"


class PlaceItem(OfItem):
    """Let a project belong to a governed project, or that one to an initiative."""

    route = "POST /govern/item/place"

    under: ItemId | None = Field(
        default=None, description="id of the item that it is to belong to  [none]"
    )


class CreateItem(Command[Item]):
    """Make a business initiative, or a governed project, which projects may belong to."""

    needs = "govern:write"
    route = "POST /govern/items"
    arguments = ("kind", "name")

    kind: Literal["initiative", "project"] = Field(
        description="'initiative', or a governed 'project'"
    )
    name: Name = Field(description="what its id ends with", examples=["punctuality"])
    description: Description = Field(default="", description="one line for people")
    template: Name | None = Field(
        default=None, description="name of the template  [the standard one of its kind]"
    )
    under: ItemId | None = Field(default=None, description="id of the item that it belongs to")


class DeleteItem(OfItem):
    """Delete an initiative or a governed project that holds nothing; its story is kept."""

    route = "POST /govern/item/delete"


class ListRules(Command[list[Rule]]):
    """List the rules about what becomes of items: of the instance, and of projects that you see."""

    needs = "govern:read"
    route = "GET /govern/rules"


class SetRule(Command[Rule]):
    """Say what becomes of items of a kind about which nobody decides.

    A rule of a model comes before that of its project, and this before that of the instance.
    """

    needs = "govern:write"
    route = "POST /govern/rules"
    arguments = ("kind", "action")

    kind: Kind = Field(description="of the items")
    action: RuleAction = Field(
        description="'suggest': it is advised to govern them; 'govern': they are, once what they "
        "belong to is; 'hide'; 'script': code says it of each; or 'nothing', where another rule "
        "would say otherwise"
    )
    template: Name | None = Field(
        default=None, description="by which they are to be governed  [the standard one of the kind]"
    )
    project: PlacedProject | None = Field(default=None, description="in which it holds  [all]")
    model: Name | None = Field(default=None, description="for whose versions it holds alone")
    code: str | None = Field(
        default=None,
        max_length=100_000,
        description="of a script: Python with a function `decide` that takes the item and returns "
        "a dict with action, and may say template, fields, under, status and children",
    )
    env: Name = Field(default="local", description="code env that a script runs in, or 'local'")
    seconds: float = Field(
        default=60, gt=0, le=600, description="that a script may take for many items at once"
    )

    @model_validator(mode="after")
    def _has_code(self) -> SetRule:
        if (self.action == "script") != (self.code is not None):
            raise ValueError("a script is what has code, and nothing else has: give both or none")
        return self


class UnsetRule(Command[None]):
    """Unset a rule; what it decided stays."""

    needs = "govern:write"
    route = "POST /govern/rules/unset"
    arguments = ("kind",)

    kind: Kind = Field(description="of the items")
    project: PlacedProject | None = Field(default=None, description="in which it holds  [all]")
    model: Name | None = Field(default=None, description="for whose versions it holds alone")


class SyncItems(Command[Synced]):
    """Bring all items up to date now, which workers and lists do every half a minute."""

    needs = "govern:write"
    route = "POST /govern/sync"
    title = "Bring governed items up to date"
    background = True

    def exclusive_key(self) -> str:
        """One look at a time is enough."""
        return "govern sync"
