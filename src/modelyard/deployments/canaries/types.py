"""The words of canaries: steps, looks, and what came of them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from modelyard.kernel.values import Name, Value
from modelyard.serving.types import Guard

CanaryState = Literal["running", "finished", "went_back", "stopped", "overtaken"]
Wanted = Literal["begin", "advance", "finish", "back", "stop"]
Found = Literal["no_worse", "worse", "waiting"]


Share = Annotated[float, Field(gt=0, lt=1)]
Steps = Annotated[tuple[Share, ...], Field(min_length=1, max_length=20)]
Minutes = Annotated[float, Field(ge=0, le=1200)]
Queries = Annotated[int, Field(ge=1, le=10**9)]
Slower = Annotated[float, Field(ge=0, le=1000)]
Chance = Annotated[float, Field(gt=0, lt=0.5)]
Hours = Annotated[float, Field(gt=0, le=23)]


class CanaryPlan(Value):
    """How a package gets more queries, and by what it is judged."""

    steps: Steps = Field(
        default=(0.05, 0.25), description="shares of the queries, each larger; then all of them"
    )
    minutes: Minutes = Field(default=10, description="that a step lasts at least")
    queries: Queries = Field(default=1000, description="that it answers in a step at least")
    slower: Slower = Field(
        default=1.5, description="times the old 99th percentile that its own may reach; 0: any"
    )
    store: Name | None = Field(
        default=None, description="evaluation store whose checks have to hold of its versions"
    )
    error: Chance = Field(default=0.05, description="probability to go back without a reason")
    hours: Hours = Field(default=23, description="that a step may take; else it goes back")

    @model_validator(mode="after")
    def _rises(self) -> Self:
        if list(self.steps) != sorted(set(self.steps)):
            raise ValueError("each step has to be a larger share than the one before")
        if 0 < self.slower < 1:
            raise ValueError("slower is how many times as long it may take, so 1 or more, or 0")
        if self.minutes > self.hours * 60:
            raise ValueError("a step cannot last longer than the hours it may take")
        return self


class CanaryLook(Value):
    """One look at both, and what was found."""

    listed = ("at", "share", "queries", "found", "why")

    at: datetime
    share: float = Field(description="of the queries, as of the step")
    queries: int = Field(description="that the new package answered in the step")
    old_queries: int = Field(description="that the old one answered in the step")
    errors: float = Field(description="share of its queries that failed")
    old_errors: float
    errors_p: float = Field(description="of Fisher's exact test, one-sided")
    p99: float | None = Field(default=None, description="milliseconds")
    old_p99: float | None = None
    slow_p: float | None = Field(default=None, description="of its p99, as for errors")
    level: float = Field(description="a p below it is worse: what this look may spend")
    found: Found
    why: str


class Tally(Value):
    """What was counted before a step began, in the stretch of time in which it did."""

    queries: int = 0
    failed: int = 0
    buckets: dict[int, int] = {}


class Canary(Value):
    """A package of a deployment that gets more queries step by step."""

    listed = (
        *("deployment", "number", "old", "new", "state", "share", "requester", "started"),
        *("next", "looks", "why", "ended"),
    )

    project: str
    deployment: Name
    number: int = Field(description="counts the canaries of the deployment, from 1")
    old: Name = Field(description="package that answered before")
    new: Name = Field(description="package that is tried")
    plan: CanaryPlan
    guard: Guard | None = Field(default=None, description="that the deployment had before")
    state: CanaryState
    step: int = Field(default=0, description="its place in the plan, from 0")
    share: float = Field(default=0, description="of the queries that it answers now")
    began: datetime | None = Field(
        default=None, description="when the step did; None: the nodes are being told"
    )
    before: dict[Name, Tally] = Field(default={}, description="counted before that, by package")
    looks: tuple[CanaryLook, ...] = ()
    looked: int = Field(default=0, description="looks in this step")
    wanted: Wanted | None = Field(default="begin", description="what is to be done now")
    why: str = Field(default="", description="the last thing to know")
    requester: str
    started: datetime
    ended: datetime | None = None
    job: str | None = Field(default=None, description="that carries out what is wanted")
    next: str = Field(default="", description="what it waits for")
