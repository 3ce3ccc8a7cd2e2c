"""The words of governed items: what they are called, what is told of them, what happened."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field, JsonValue

from modelyard.governance.items.ids import ItemId, Kind
from modelyard.governance.templates.words import SignoffStatus
from modelyard.kernel.values import Value

State = Literal["new", "suggested", "governed", "hidden"]
RuleAction = Literal["nothing", "suggest", "govern", "hide", "script"]
Facts = dict[str, dict[str, JsonValue]]
"""Each section by its name."""


Act = Literal[
    "govern", "hide", "unhide", "place", "delete", "set", "advance", "request_feedback",
    "request_approval", "feedback", "change", "approve", "reject", "abandon", "delegate", "reset",
]  # fmt: skip


class Possible(Value):
    """Something that can be done with an item, or why whoever asks cannot do it now."""

    act: Act
    step: str | None = Field(default=None, description="to which it is advanced; None: the next")
    group: str | None = Field(default=None, description="the feedback group that it is for")
    number: int | None = Field(default=None, description="of one's own feedback")
    why_not: str = Field(default="", description="empty: it can be done")


class ItemSummary(Value):
    """One line of a list of items."""

    listed: ClassVar[tuple[str, ...]] = ("id", "state", "state_from", "template", "stage")

    id: ItemId
    kind: Kind
    project: str = Field(default="", description="key of its project; empty: it is of none")
    name: str
    parent: ItemId | None = Field(default=None, description="the item that it belongs to")
    state: State = "new"
    state_from: str = Field(default="", description="the user or the rule that brought that about")
    template: str | None = Field(default=None, description="by which it is governed")
    template_version: int | None = Field(default=None, description="which version of that")
    status: str = Field(default="", description="where it is in the steps of its template")
    stage: str = Field(default="", description="of an infrastructure, and of what is on it")
    created: datetime = Field(description="when it was first seen")
    changed: datetime = Field(description="when something of it last changed")
    gone: datetime | None = Field(
        default=None, description="when what it is of was deleted; None: it is there"
    )


class ListedItem(ItemSummary):
    """One line of a list, with what is known of it beside what it is."""

    listed: ClassVar[tuple[str, ...]] = (*ItemSummary.listed, "status", "signoffs", "fields")

    below: int = Field(default=0, description="how many items that one may see belong to it")
    signoffs: dict[str, SignoffStatus] = Field(
        default={}, description="how its sign-offs are that have begun, by step"
    )
    fields: dict[str, JsonValue] = Field(
        default={}, description="what those say that are asked for, as far as one may know it"
    )


class Item(ItemSummary):
    """A governed item: facts that its rooms tell, and the layer that governance keeps on them."""

    digest: str = Field(description="of the facts that an approval is bound to")
    facts: Facts = Field(default={}, description="what rooms tell of it, by section")
    fields: dict[str, JsonValue] = Field(default={}, description="values of the template's fields")
    steps: dict[str, JsonValue] = Field(default={}, description="how its steps are")
    possible: tuple[Possible, ...] = Field(
        default=(), description="what whoever asks can do with it, as govern show tells it"
    )


class Rule(Value):
    """What becomes of items of a kind about which nobody decided."""

    listed: ClassVar = ("project", "model", "kind", "action", "template", "set_by", "set")

    project: str | None = Field(default=None, description="in which it holds; None: in all")
    model: str | None = Field(default=None, description="for whose versions it holds alone")
    kind: Kind
    action: RuleAction
    template: str | None = Field(default=None, description="by which they are to be governed")
    code: str | None = Field(default=None, description="of a script: it has a function `decide`")
    env: str = Field(default="local", description="code env that a script runs in, or 'local'")
    seconds: float = Field(default=60, description="that a script may take for many items")
    set: datetime
    set_by: str

    @property
    def called(self) -> str:
        """In a few words."""
        where = "/".join(filter(None, (self.project, self.model)))
        return f"rule for {self.kind} of {where or 'the instance'}"


class Event(Value):
    """Something of an item that changed: who, when, which attribute, from what to what."""

    listed: ClassVar = ("number", "at", "actor", "item", "attribute", "old", "new")

    number: int = Field(description="place in the timeline of all items")
    at: datetime
    item: ItemId
    actor: str
    attribute: str = Field(description="such as state, fields.risk or version.active")
    old: JsonValue = None
    new: JsonValue = None
    sha256: str = Field(description="hash of the event and of all before it")


class Intact(Value):
    """Whether what the timeline says of an item is as it was written."""

    item: ItemId
    events: int = Field(description="that it has of the item")
    compared: int = Field(description="events with their hashes, from its first to its last")
    intact: bool | None = Field(description="None: so many lie between that none was compared")
    problem: str = Field(default="", description="what was changed or removed")


class Synced(Value):
    """What came of bringing items up to date."""

    listed: ClassVar = ("items", "new", "changed", "gone", "decided", "sent", "told")

    items: int = Field(description="that rooms tell of")
    new: int
    changed: int
    gone: int = Field(description="whose sources were deleted since")
    decided: int = Field(default=0, description="about which a rule decided")
    sent: int = Field(
        default=0, description="items and updates of deployments that the govern node was told of"
    )
    told: int = Field(default=0, description="items of which that told what became of them")
