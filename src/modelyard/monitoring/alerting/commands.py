"""What one can ask of alerts."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from modelyard.kernel.command import ProjectCommand
from modelyard.kernel.paging import Paged
from modelyard.kernel.secrets import SECRET, SECRET_URL
from modelyard.kernel.values import Description, Name, WebAddress
from modelyard.monitoring.alerting.types import (
    Alert,
    AlertMessage,
    MadeAlert,
    MailAddress,
    MessageState,
    PlacePattern,
    Thing,
    Trigger,
)
from modelyard.monitoring.watching.types import Status

MOST_MINUTES = 7 * 24 * 60
NAME = "name of the alert"
ABOUT_MAIL = "tell these mail addresses"
ABOUT_WEBHOOK = "or tell a webhook at this address, signed"
ABOUT_SLACK = "or tell an incoming webhook of Slack, or of what takes the same; it is kept secret"
ABOUT_ON = (
    "'change': tell every change; 'unhealthy': what gets worse, and is a warning or an error then; "
    "'values': what becomes one of the --statuses"
)
ABOUT_STATUSES = "statuses that 'values' tells of: none, healthy, warning, error"
ABOUT_ONLY = (
    "only these things: project, model, store, scenario, deployment, endpoint, external or policy, "
    "or one with a name such as model:churn, store:monthly-*, endpoint:churn-prod/* or "
    "policy:production/*"
)
ABOUT_INFRASTRUCTURE = "only what is deployed on these infrastructures, such as prod-api or prod-*"
ABOUT_ALL_PROJECTS = (
    "what is deployed there from every project; takes the permission to administer the "
    "infrastructures, each given by its name"
)
ABOUT_SILENCE = (
    "minutes after a message in which nothing more is told of the same thing; then it is told if "
    "it is another status than was told"
)
ABOUT_DIGEST = "minutes for which changes are collected into one message"


class CreateAlert(ProjectCommand[MadeAlert]):
    """Say whom to tell of changes of statuses; the secret of a webhook is shown this once."""

    needs = "alerts:write"
    route = "POST /alerts"
    in_place = True
    arguments = ("name",)

    name: Name = Field(description="unique name inside the project", examples=["team"])
    description: Description = Field(default="", description="one line for people")
    mail: tuple[MailAddress, ...] = Field(
        default=(), max_length=50, description=ABOUT_MAIL, examples=[["ada@example.org"]]
    )
    webhook: Annotated[WebAddress | None, SECRET_URL] = Field(
        default=None, description=ABOUT_WEBHOOK
    )
    slack: Annotated[WebAddress | None, SECRET] = Field(default=None, description=ABOUT_SLACK)
    on: Trigger = Field(default="unhealthy", description=ABOUT_ON)
    statuses: tuple[Status, ...] = Field(default=(), max_length=4, description=ABOUT_STATUSES)
    only: tuple[Thing, ...] = Field(default=(), max_length=200, description=ABOUT_ONLY)
    infrastructure: tuple[PlacePattern, ...] = Field(
        default=(), max_length=100, description=ABOUT_INFRASTRUCTURE, examples=[["prod-api"]]
    )
    all_projects: bool = Field(default=False, description=ABOUT_ALL_PROJECTS)
    silence: float = Field(default=0, ge=0, le=MOST_MINUTES, description=ABOUT_SILENCE)
    digest: float = Field(default=0, ge=0, le=MOST_MINUTES, description=ABOUT_DIGEST)
    disabled: bool = Field(default=False, description="tell nobody, for now")


class UpdateAlert(ProjectCommand[MadeAlert]):
    """Change an alert; what is not given stays."""

    needs = "alerts:write"
    route = "PATCH /alerts/{name}"
    in_place = True
    guarded = True
    arguments = ("name",)

    name: Name = Field(description=NAME)
    description: Description | None = Field(default=None, description="one line for people")
    mail: tuple[MailAddress, ...] | None = Field(
        default=None, min_length=1, max_length=50, description=ABOUT_MAIL
    )
    webhook: Annotated[WebAddress | None, SECRET_URL] = Field(
        default=None, description=ABOUT_WEBHOOK
    )
    slack: Annotated[WebAddress | None, SECRET] = Field(default=None, description=ABOUT_SLACK)
    new_secret: bool = Field(
        default=False, description="sign with a new secret from now on, which is shown this once"
    )
    on: Trigger | None = Field(default=None, description=ABOUT_ON)
    statuses: tuple[Status, ...] | None = Field(
        default=None, max_length=4, description=ABOUT_STATUSES
    )
    only: tuple[Thing, ...] | None = Field(
        default=None, max_length=200, description=f"{ABOUT_ONLY}; empty: of all"
    )
    infrastructure: tuple[PlacePattern, ...] | None = Field(
        default=None, max_length=100, description=f"{ABOUT_INFRASTRUCTURE}; empty: all things"
    )
    all_projects: bool | None = Field(default=None, description=ABOUT_ALL_PROJECTS)
    silence: float | None = Field(default=None, ge=0, le=MOST_MINUTES, description=ABOUT_SILENCE)
    digest: float | None = Field(default=None, ge=0, le=MOST_MINUTES, description=ABOUT_DIGEST)
    disabled: bool | None = Field(default=None, description="tell nobody, for now")


class ListAlerts(ProjectCommand[list[Alert]], Paged):
    """List the alerts of a project."""

    needs = "alerts:read"
    route = "GET /alerts"


class ShowAlert(ProjectCommand[Alert]):
    """Show an alert, without its secrets."""

    needs = "alerts:read"
    route = "GET /alerts/{name}"
    arguments = ("name",)

    name: Name = Field(description=NAME)


class TryAlert(ProjectCommand[AlertMessage]):
    """Send a message by an alert now, as a test, and say what came of it."""

    needs = "alerts:write"
    route = "POST /alerts/{name}/test"
    arguments = ("name",)

    name: Name = Field(description=NAME)


class ListMessages(ProjectCommand[list[AlertMessage]], Paged):
    """List what alerts sent, could not send or are to send, the newest first."""

    needs = "alerts:read"
    route = "GET /alert-messages"

    alert: Name | None = Field(default=None, description="only those of this alert")
    state: MessageState | None = Field(default=None, description="only those in this state")


class DeleteAlert(ProjectCommand[None]):
    """Delete an alert with its messages; what waits is not sent any more."""

    needs = "alerts:write"
    route = "DELETE /alerts/{name}"
    guarded = True
    arguments = ("name",)

    name: Name = Field(description=NAME)
