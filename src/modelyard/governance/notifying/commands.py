"""What one can ask of notifications and subscriptions."""

from __future__ import annotations

from typing import Annotated, ClassVar, Generic, TypeVar

from pydantic import Field

from modelyard.governance.items.ids import ItemId, Kind
from modelyard.governance.notifying.types import (
    MadeNotifying,
    News,
    Notification,
    Notifying,
    Subscribed,
    Subscription,
)
from modelyard.governance.types import UserName
from modelyard.kernel.command import Command
from modelyard.kernel.paging import Paged
from modelyard.kernel.secrets import SECRET_URL
from modelyard.kernel.values import Name, PlacedProject, WebAddress

R = TypeVar("R")
WHOSE = "whose  [your own; others' as an instance admin]"


class OfUser(Command[R], Generic[R]):
    """What is about one user."""

    needs = "govern:read"

    user: UserName | None = Field(default=None, description=WHOSE)


class OfSubscription(OfUser[R], Generic[R]):
    """What is about an item, or all items of a project, a template or a kind."""

    needs = "govern:write"
    arguments: ClassVar[tuple[str, ...]] = ("item",)

    item: ItemId | None = Field(
        default=None, description="id of the item", examples=["version:flights/delay/v4"]
    )
    project: PlacedProject | None = Field(default=None, description="or all items of this project")
    template: Name | None = Field(default=None, description="or all items of this template")
    kind: Kind | None = Field(default=None, description="or all items of this kind")


class Subscribe(OfSubscription[Subscription]):
    """Be told of all that happens to an item, or to all items of a project, template or kind."""

    route = "POST /govern/subscriptions"


class Unsubscribe(OfSubscription[None]):
    """Be told no more, but for what is asked of you; of an item it stays so whatever you do."""

    route = "POST /govern/unsubscribe"


class Mute(OfSubscription[Subscription]):
    """Be told nothing of an item, or of all items of a project, template or kind."""

    route = "POST /govern/mute"


class ShowSubscribed(OfUser[Subscribed]):
    """Show how much one is told of an item, by it itself, its project, template and kind."""

    route = "GET /govern/subscribed"
    arguments: ClassVar[tuple[str, ...]] = ("item",)

    item: ItemId = Field(description="id of the item", examples=["version:flights/delay/v4"])


class ListSubscriptions(OfUser[list[Subscription]], Paged):
    """List what one is told of, and what is muted."""

    route = "GET /govern/subscriptions"


class ListNotifications(OfUser[list[Notification]], Paged):
    """List what one was told of governed items, the newest first."""

    route = "GET /govern/notifications"

    unread: bool = Field(default=False, description="only what was not read yet")


class ShowNews(OfUser[News]):
    """Show how much one has not read yet, and the latest of what one was told."""

    route = "GET /govern/news"


class ReadNotifications(OfUser[News]):
    """Mark notifications as read: those that are named, or all."""

    needs = "govern:write"
    route = "POST /govern/notifications/read"
    arguments: ClassVar[tuple[str, ...]] = ("ids",)

    ids: tuple[Annotated[str, Field(max_length=32)], ...] = Field(
        default=(), max_length=1000, description="ids of notifications  [all of them]"
    )


class ShowNotifying(OfUser[Notifying]):
    """Show how one is told."""

    route = "GET /govern/notifying"


class ChangeNotifying(OfUser[MadeNotifying]):
    """Say how one is told; what is not given stays. The secret of a webhook is shown this once."""

    needs = "govern:write"
    route = "POST /govern/notifying"
    in_place = True

    mail: bool | None = Field(default=None, description="by mail, to the address of the user")
    webhook: Annotated[WebAddress | None, SECRET_URL] = Field(
        default=None, description="by a webhook at this address, signed"
    )
    no_webhook: bool = Field(default=False, description="by no webhook any more")
    digest: float | None = Field(
        default=None,
        ge=0,
        le=1440,
        description="minutes for which it is collected into one message",
    )
    own: bool | None = Field(default=None, description="also of what one does oneself")
