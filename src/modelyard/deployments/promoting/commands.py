"""What one can ask of pipelines."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from pydantic import Field, ValidationError, model_validator

from modelyard.deployments.promoting.types import (
    MOST_STEPS,
    Pipeline,
    PipelineContent,
    PipelineStatus,
    PipelineStep,
    PipelineSummary,
    Promotion,
)
from modelyard.kernel.command import ProjectCommand
from modelyard.kernel.faults import invalid
from modelyard.kernel.paging import Paged
from modelyard.kernel.values import Description, Name, OneLine

R = TypeVar("R")
NAME = "name of the pipeline"
ABOUT_STEPS = "its steps in order, each as JSON: name, infrastructure, gates, automatic, settings"
STEPS = [
    {"name": "test", "infrastructure": "local-api"},
    {
        "name": "production",
        "infrastructure": "prod-api",
        "gates": [{"kind": "healthy", "minutes": 60}, {"kind": "approval", "groups": ["risk"]}],
    },
]


class OfPipeline(ProjectCommand[R], Generic[R]):
    """What is about one pipeline."""

    name: Name = Field(description=NAME, examples=["churn"])


class CreatePipeline(OfPipeline[Pipeline]):
    """Say through which steps packages or bundles go, and what has to hold in between.

    A step is an infrastructure with settings. Its gates are about the release that is to come: how
    the step before is, evaluations and checks of its versions, scenarios, approvals.
    """

    needs = "deployments:write"
    route = "POST /pipelines"
    arguments = ("name",)

    service: Name | None = Field(
        default=None, description="whose packages go through it  [bundles of the project]"
    )
    steps: tuple[PipelineStep, ...] = Field(
        min_length=1, max_length=MOST_STEPS, description=ABOUT_STEPS, examples=[STEPS]
    )
    description: Description = Field(default="", description="one line for people")

    @model_validator(mode="after")
    def _is_whole(self) -> Any:
        _whole(self.service, self.steps)
        return self

    @property
    def content(self) -> PipelineContent:
        """What it is made of."""
        return PipelineContent(service=self.service, steps=self.steps, description=self.description)


class UpdatePipeline(OfPipeline[Pipeline]):
    """Change a pipeline; what is not given stays. Automatic steps then deploy as who changed it."""

    needs = "deployments:write"
    route = "PATCH /pipelines/{name}"
    guarded = True
    arguments = ("name",)

    steps: tuple[PipelineStep, ...] | None = Field(
        default=None, min_length=1, max_length=MOST_STEPS, description=ABOUT_STEPS
    )
    description: Description | None = Field(default=None, description="one line for people")


class ListPipelines(ProjectCommand[list[PipelineSummary]], Paged):
    """List the pipelines of a project."""

    needs = "deployments:read"
    route = "GET /pipelines"


class ShowPipeline(OfPipeline[Pipeline]):
    """Show what a pipeline is made of; `pipelines status NAME` shows how far releases are."""

    needs = "deployments:read"
    route = "GET /pipelines/{name}"
    arguments = ("name",)


class ShowPipelineStatus(OfPipeline[PipelineStatus]):
    """Show which release is at each step, which may come next, and which gates hold."""

    needs = "deployments:read"
    route = "GET /pipelines/{name}/status"
    arguments = ("name",)


class DeletePipeline(OfPipeline[None]):
    """Delete a pipeline with what was asked of it; its deployments stay."""

    needs = "deployments:write"
    route = "DELETE /pipelines/{name}"
    guarded = True
    arguments = ("name",)


class PromoteRelease(OfPipeline[Promotion]):
    """Have a release come to a step: at once if the gates hold, else as soon as they do.

    Without a step it is the first whose step before has another release. What waits is looked at by
    workers, and carried out as whoever asked for it.
    """

    needs = "deployments:write"
    route = "POST /pipelines/{name}/promote"
    background = True
    title = "Promote in {name}"
    arguments = ("name",)

    step: Name | None = Field(
        default=None, description="to which step  [the next one]", examples=["test"]
    )
    release: Name | None = Field(
        default=None,
        description="id of the package or bundle  [what is at the step before; to the first step "
        "the newest]",
        examples=["p1"],
    )
    at_once: bool = Field(
        default=False, description="fail if a gate does not hold, in place of waiting"
    )
    number: int | None = Field(
        default=None, ge=1, lt=2**31, description="go on with this promotion, if it still waits"
    )

    def exclusive_key(self) -> str | None:
        """One of a pipeline after another."""
        return f"pipeline {self.project}/{self.name}"


class OfWaiting(OfPipeline[Promotion]):
    """What is about the promotion that waits at a step."""

    needs = "approvals:write"
    arguments = ("name", "step")

    step: Name = Field(description="step that it is to come to", examples=["test"])
    number: int | None = Field(
        default=None, ge=1, lt=2**31, description="only if it is the promotion of this number"
    )


class ApprovePromotion(OfWaiting):
    """Approve what waits at a step; who asked for it may not.

    It takes being named by a gate for approvals of that step. Whoever is removed from there, from
    the project or from the instance, has approved nothing any more.
    """

    route = "POST /pipelines/{name}/steps/{step}/approve"

    note: OneLine = Field(default="", description="what there is to say")


class RejectPromotion(OfWaiting):
    """End what waits at a step: as who may approve it, who asked for it, or who may promote."""

    route = "POST /pipelines/{name}/steps/{step}/reject"

    reason: OneLine = Field(default="", description="why")


class ListPromotions(OfPipeline[list[Promotion]], Paged):
    """List what was to come to the steps of a pipeline, and what came of it; the newest first."""

    needs = "deployments:read"
    route = "GET /pipelines/{name}/promotions"
    arguments = ("name",)


def _whole(service: str | None, steps: tuple[PipelineStep, ...]) -> None:
    try:
        PipelineContent(service=service, steps=steps)
    except ValidationError as exc:
        raise ValueError(invalid(exc).detail) from None
