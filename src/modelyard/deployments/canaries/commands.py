"""What one can ask of canaries."""

from __future__ import annotations

from typing import ClassVar, Generic, Self, TypeVar

from pydantic import Field, ValidationError, model_validator

from modelyard.deployments.canaries.types import (
    Canary,
    CanaryPlan,
    Chance,
    Hours,
    Minutes,
    Queries,
    Slower,
    Steps,
)
from modelyard.kernel.command import ProjectCommand
from modelyard.kernel.faults import invalid
from modelyard.kernel.paging import Paged
from modelyard.kernel.values import Name

R = TypeVar("R")


class OfCanary(ProjectCommand[R], Generic[R]):
    """What is about the canary of a deployment."""

    arguments: ClassVar[tuple[str, ...]] = ("name",)

    name: Name = Field(description="id of the deployment", examples=["churn-prod"])


class MovingCanary(OfCanary[Canary]):
    """What may change who answers."""

    needs = "deployments:write"
    background = True

    def exclusive_key(self) -> str | None:
        """The canary of a deployment."""
        return f"canary {self.project}/{self.name}"


class StartCanary(MovingCanary):
    """Have a package answer more and more queries of a deployment, as long as it does no worse.

    It is compared with the package that answers now, on the queries of each step: which share
    failed, and within which time 99 of 100 were answered. Where it does worse, beyond chance, it
    goes back at once. Workers look every half a minute.
    """

    route = "POST /deployments/{name}/canary"
    title = "Try {package} on {name}"
    arguments: ClassVar[tuple[str, ...]] = ("name", "package")

    package: Name = Field(description="id of the package that is tried", examples=["p2"])
    steps: Steps = Field(
        default=(0.05, 0.25),
        description="shares of the queries, each larger than the one before; then all of them",
    )
    minutes: Minutes = Field(default=10, description="that a step lasts at least")
    queries: Queries = Field(default=1000, description="that it answers in a step at least")
    slower: Slower = Field(
        default=1.5,
        description="times the old p99 that its own may reach; 0: times are not compared",
    )
    store: Name | None = Field(
        default=None,
        description="evaluation store, such as one that `monitoring track` fills, whose checks "
        "have to hold of its versions before each step ends",
    )
    error: Chance = Field(
        default=0.05, description="probability to go back without a reason, in all"
    )
    hours: Hours = Field(
        default=23, description="for a step; it goes back if it is not through by then"
    )

    @model_validator(mode="after")
    def _is_a_plan(self) -> Self:
        try:
            CanaryPlan(**self.model_dump(include={*CanaryPlan.model_fields}))
        except ValidationError as exc:
            raise ValueError(invalid(exc).detail) from None
        return self

    @property
    def plan(self) -> CanaryPlan:
        """What it is to be."""
        return CanaryPlan(**self.model_dump(include={*CanaryPlan.model_fields}))


class ShowCanary(OfCanary[Canary]):
    """Show the newest canary of a deployment: its step, its looks, and what it waits for."""

    needs = "deployments:read"
    route = "GET /deployments/{name}/canary"


class ListCanaries(OfCanary[list[Canary]], Paged):
    """List the canaries of a deployment, the newest first."""

    needs = "deployments:read"
    route = "GET /deployments/{name}/canaries"


class LookAtCanary(MovingCanary):
    """Look at the canary of a deployment now, and go on or back if it is time; as workers do."""

    route = "POST /deployments/{name}/canary/look"
    title = "Look at the canary of {name}"


class FinishCanary(MovingCanary):
    """Have the new package answer all queries now, whatever was found so far."""

    route = "POST /deployments/{name}/canary/finish"
    title = "Finish the canary of {name}"


class StopCanary(MovingCanary):
    """Have the old package answer all queries again."""

    route = "POST /deployments/{name}/canary/stop"
    title = "Stop the canary of {name}"
