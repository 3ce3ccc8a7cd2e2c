"""The words of alerts."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from modelyard.kernel.secrets import SECRET
from modelyard.kernel.values import MAIL_PATTERN, Name, Value
from modelyard.monitoring.watching.types import Status, ThingKind

Channel = Literal["mail", "webhook", "slack"]
Trigger = Literal["change", "unhealthy", "values"]
MessageState = Literal["waiting", "sent", "failed", "silenced"]

THING_PATTERN = (
    r"^(project|model|store|scenario|deployment|endpoint|external|policy)"
    r"(:[A-Za-z0-9._*?/ -]{1,255})?$"
)
Thing = Annotated[str, StringConstraints(pattern=THING_PATTERN)]
PlacePattern = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._*?-]{1,127}$")]
MailAddress = Annotated[str, StringConstraints(pattern=MAIL_PATTERN, max_length=254)]


class Alert(Value):
    """Whom to tell of which changes of statuses in a project."""

    listed = (
        *("name", "channel", "to", "on", "statuses", "only", "infrastructure", "silence"),
        *("digest", "disabled"),
    )

    project: str
    name: Name
    description: str = ""
    channel: Channel
    to: tuple[str, ...] = Field(
        description="mail addresses; of a webhook its address, of Slack its host, without secrets"
    )
    on: Trigger = Field(
        default="unhealthy",
        description="'change': of any kind; 'unhealthy': what gets worse, and is a warning or an "
        "error then; 'values': what becomes one of the statuses",
    )
    statuses: tuple[Status, ...] = Field(default=(), description="those of 'values'")
    only: tuple[Thing, ...] = Field(default=(), description="of which things; none: of all")
    infrastructure: tuple[PlacePattern, ...] = Field(
        default=(), description="only of what is deployed on these; none: of all things"
    )
    all_projects: bool = Field(
        default=False, description="of what is deployed there from every project"
    )
    silence: float = Field(
        default=0, description="minutes in which nothing more is told of the same thing"
    )
    digest: float = Field(
        default=0, description="minutes for which changes are collected into one message"
    )
    disabled: bool = False
    created: datetime
    created_by: str | None = None
    changed: datetime | None = None


class MadeAlert(Alert):
    """An alert that was just made or changed; the secret of a webhook is shown this once."""

    secret: Annotated[str | None, SECRET] = Field(
        default=None, description="with which the receiver checks what a webhook is sent, if new"
    )


class Change(Value):
    """A status that became another."""

    project: str = Field(default="", description="that the thing is in")
    kind: ThingKind
    name: str
    infrastructure: str = Field(default="", description="that it is deployed on")
    before: Status
    after: Status
    why: str = ""
    at: datetime
    test: bool = Field(default=False, description="nothing changed: somebody tries the alert")


class AlertMessage(Value):
    """A change that an alert tells of, and what came of telling it."""

    listed = (
        *("created", "alert", "test", "kind", "name", "before", "after"),
        *("state", "attempts", "next_try", "problem"),
    )

    id: str
    project: str
    alert: Name
    kind: ThingKind
    name: str
    of_project: str = Field(default="", description="that the thing is in")
    infrastructure: str = Field(default="", description="that it is deployed on")
    before: Status
    after: Status
    why: str = ""
    test: bool = False
    state: MessageState = Field(
        description="'waiting', 'sent', 'failed': given up after a day; 'silenced': it was over, "
        "or told already, when the silence was"
    )
    sending: str | None = Field(
        default=None,
        description="what the receiver gets as the key of the message, the same each time that it "
        "is sent; those of a digest have the same",
    )
    attempts: int = 0
    problem: str = Field(default="", description="of the last attempt that failed")
    created: datetime
    next_try: datetime | None = Field(default=None, description="when it is sent, if it waits")
    ended: datetime | None = None
