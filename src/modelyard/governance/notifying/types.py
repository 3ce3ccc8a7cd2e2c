"""The words of notifications: what is told, to whom, and how."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from modelyard.governance.items.ids import ItemId
from modelyard.kernel.secrets import SECRET
from modelyard.kernel.values import Value

Scope = Literal["item", "project", "template", "kind"]
Level = Literal["all", "asked", "none"]
Channel = Literal["mail", "webhook"]
NotificationKind = Literal[
    "asked", "reminder", "delegated", "feedback", "edited", "withdrawn", "approved", "rejected",
    "abandoned", "cancelled", "reset", "lapsed", "reset_soon", "reset_done", "governed", "finished",
]  # fmt: skip


class Told(Value):
    """Something that happened to a governed item; no value of a field is ever in it."""

    item: ItemId
    kind: NotificationKind
    step: str = ""
    actor: str = Field(default="", description="who did it; empty: time, or a change")
    asked: str = Field(default="", description="'feedback' or 'approval', if somebody is asked")
    group: str = Field(default="", description="of feedback")
    user: str = Field(default="", description="to whom it was delegated")
    verdict: str = Field(default="", description="of feedback")
    comment: str = Field(default="", description="what was said with it")
    reason: str = Field(default="", description="why a sign-off began anew")
    due: datetime | None = Field(default=None, description="when the approval ends, or since when")
    at: datetime


class Notification(Told):
    """What somebody is told."""

    listed: ClassVar = ("created", "read", "text")

    id: str
    text: str = Field(description="in one sentence")
    created: datetime
    read: bool = False


class News(Value):
    """What somebody has not read yet."""

    unread: int
    latest: tuple[Notification, ...] = Field(default=(), description="the newest first")


class Subscription(Value):
    """Of what somebody is told, and how much."""

    listed: ClassVar = ("scope", "name", "level", "chosen", "since")

    user: str
    scope: Scope
    name: str = Field(description="id of the item, key of the project, name of the template, kind")
    level: Level = Field(
        description="'all'; 'asked': what is asked of them; 'none': nothing, it is muted"
    )
    chosen: bool = Field(description="by them; else it came with what they did")
    since: datetime


class Subscribed(Value):
    """How much somebody is told of an item, by all that they have of it."""

    user: str
    item: ItemId
    level: Level = Field(
        description="'all'; 'asked': what is asked of them; 'none': nothing, it is muted"
    )


class Notifying(Value):
    """How somebody is told, beside in the header of the pages."""

    user: str
    email: str = Field(default="", description="address of their user")
    mail: bool = Field(default=True, description="told by mail, if there is an address")
    webhook: str = Field(default="", description="address of their webhook, without secrets")
    digest: float = Field(description="minutes for which it is collected into one message")
    own: bool = Field(default=False, description="told also of what they do themselves")
    problem: str = Field(default="", description="of the last message that did not arrive")


class MadeNotifying(Notifying):
    """The same after it was changed; the secret of a new webhook is shown this once."""

    secret: Annotated[str | None, SECRET] = Field(
        default=None, description="with which the receiver checks what a webhook is sent, if new"
    )
