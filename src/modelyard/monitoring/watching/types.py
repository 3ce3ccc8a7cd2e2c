"""The words of monitoring: how things are, and why."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, get_args

from pydantic import Field

from modelyard.kernel.values import Name, Value

ThingKind = Literal[
    "project", "model", "store", "scenario", "deployment", "endpoint", "external", "policy"
]
Status = Literal["none", "healthy", "warning", "error"]

STATUSES: tuple[Status, ...] = get_args(Status)
"""From the best to the worst, after the one of what nothing is known of."""

Period = Literal["day", "week", "month"]
PartName = Literal["deployment", "model", "execution", "data"]


class Part(Value):
    """One of the things by which something that is deployed is judged."""

    listed = ("part", "status", "why")

    part: PartName = Field(
        description="'deployment': its health; 'model': checks of evaluations; 'execution': "
        "scenarios; 'data': checks of drift"
    )
    status: Status
    why: str = ""


class Decisive(Value):
    """What decided how a thing is: what there is of it depends on the kind of thing."""

    kind: ThingKind | None = Field(default=None, description="of the thing that is worst in it")
    name: str = ""
    store: str = Field(default="", description="evaluation store whose check decided")
    check: str = ""
    evaluation: str = Field(default="", description="id of the one that was checked")
    run: str = Field(default="", description="id of the scenario's run")


class ThingStatus(Value):
    """How a thing is, and why."""

    listed = ("status", "project", "kind", "name", "why", "since")

    project: str
    kind: ThingKind
    name: str
    status: Status = Field(
        description="'none': nothing is known of it; 'healthy', 'warning' or 'error'"
    )
    why: str = Field(default="", description="a sentence")
    since: datetime | None = Field(default=None, description="when it became so")
    by: Decisive = Decisive()
    infrastructure: str = Field(default="", description="that it is deployed on")
    parts: tuple[Part, ...] = Field(default=(), description="of which it is the worst, if deployed")


class Followed(Value):
    """What was made so that a model is followed."""

    project: str
    model: Name
    store: Name
    scenario: Name
    cron: str
    next_run: datetime | None = None
    alert: Name | None = None
    checks: int = Field(description="of the store, that are run each time; 0: none is there yet")


class TrackedEndpoint(Followed):
    """What was made so that an endpoint is tracked."""

    dataset: Name = Field(description="its query log")
