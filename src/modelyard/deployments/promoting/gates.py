"""Kinds of gates: what has to hold before a release goes on, each with settings of its own."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from modelyard.evaluations.assertion_types import Finite
from modelyard.evaluations.commands import CODE
from modelyard.kernel.values import Name, Value

Code = Annotated[str, Field(pattern=CODE)]
Days = Annotated[float, Field(gt=0, le=36_500)]
ABOUT_STORE = "evaluation store in which its evaluations are looked for"


class HealthyGate(Value):
    """The deployment of the step before is healthy, and was so for a while with the release."""

    kind: Literal["healthy"]
    minutes: float = Field(default=0, ge=0, le=525_600, description="for how long")


class AnswersGate(Value):
    """Every node of the step before answers the release's test queries."""

    kind: Literal["answers"]


class MetricGate(Value):
    """A metric of the newest evaluation of each version in the release is within bounds."""

    kind: Literal["metric"]
    metric: Code = Field(description="code of the metric", examples=["auc"])
    min: Finite | None = Field(default=None, description="at least this")
    max: Finite | None = Field(default=None, description="at most this")
    surely: bool = Field(default=False, description="all of its interval has to be within bounds")
    model: Name | None = Field(default=None, description="only versions of this saved model")
    store: Name | None = Field(default=None, description=f"{ABOUT_STORE} [all]")
    days: Days | None = Field(default=None, description="made within so many days")

    @model_validator(mode="after")
    def _has_bounds(self) -> Self:
        if self.min is None and self.max is None:
            raise ValueError("a gate of a metric needs min, or max")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError("min lies above max, so that it would never hold")
        return self


class ChecksGate(Value):
    """The checks of a store hold on the newest evaluation of each version in the release."""

    kind: Literal["checks"]
    store: Name = Field(description=ABOUT_STORE)
    checks: tuple[Name, ...] = Field(
        default=(), max_length=100, description="names of the checks [all that are not disabled]"
    )
    warnings: bool = Field(default=False, description="warnings will do")
    model: Name | None = Field(default=None, description="only versions of this saved model")
    days: Days | None = Field(default=None, description="evaluated within so many days")


class ScenarioGate(Value):
    """The newest run of a scenario since the release came to the step before succeeded."""

    kind: Literal["scenario"]
    scenario: Name = Field(description="name of the scenario")


class ApprovalGate(Value):
    """So many people approve, of whom none asked for the promotion."""

    kind: Literal["approval"]
    users: tuple[Name, ...] = Field(default=(), max_length=100, description="who may")
    groups: tuple[Name, ...] = Field(
        default=(),
        max_length=100,
        description="whose users may; without users and groups every contributor of the project",
    )
    count: int = Field(default=1, ge=1, le=20, description="how many have to")


Gate = Annotated[
    HealthyGate | AnswersGate | MetricGate | ChecksGate | ScenarioGate | ApprovalGate,
    Field(discriminator="kind"),
]
"""Any of them; a new kind is one more class here, and a function in `judging.py`."""
