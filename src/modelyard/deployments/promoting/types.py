"""The words of pipelines: steps, releases that go through them, and what was asked for."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from modelyard.deployments.activating.types import Connections, Variables
from modelyard.deployments.canaries.types import Canary, CanaryPlan
from modelyard.deployments.deploying.types import Health
from modelyard.deployments.infrastructures.types import Kind
from modelyard.deployments.promoting.gates import Gate
from modelyard.kernel.values import Name, ProjectKey, Value
from modelyard.serving.types import Access

PromotionState = Literal["waiting", "trying", "done", "failed", "rejected", "overtaken"]
MOST_STEPS, MOST_GATES = 20, 20


class StepSettings(Value):
    """With which settings a step deploys; what is left out stays as it is there."""

    access: Access | None = Field(default=None, description="who may ask")
    error_rate: float | None = Field(
        default=None, ge=0, lt=1, description="share of failed queries at which a node goes back"
    )
    p99_ms: float | None = Field(
        default=None, gt=0, description="milliseconds that 99 of 100 queries may take there"
    )
    as_project: ProjectKey | None = Field(
        default=None, description="key of the project that a bundle becomes there [its own]"
    )
    connection: Connections = Field(default={}, description="connections there, FROM=TO")
    variables: Variables = Field(default={}, description="variables that hold there alone")
    enable: tuple[Name, ...] = Field(default=(), description="scenarios that run by themselves")
    disable: tuple[Name, ...] = Field(default=(), description="scenarios that run by hand only")


OF_KIND: dict[Kind, tuple[str, ...]] = {
    "api": ("access", "error_rate", "p99_ms"),
    "project": ("as_project", "connection", "variables", "enable", "disable"),
}
"""The settings of a step that only one kind of pipeline has."""


class PipelineStep(Value):
    """Where a release goes, and what has to hold before."""

    name: Name = Field(description="unique name inside the pipeline", examples=["test"])
    infrastructure: Name = Field(description="where to", examples=["local-api"])
    deployment: Name | None = Field(
        default=None, description="id of the deployment there [PIPELINE-STEP]"
    )
    gates: tuple[Gate, ...] = Field(
        default=(), max_length=MOST_GATES, description="what has to hold before a release comes"
    )
    automatic: bool = Field(
        default=False,
        description="releases come as soon as the gates hold, without being asked for",
    )
    settings: StepSettings = StepSettings()
    canary: CanaryPlan | None = Field(
        default=None,
        description="a package answers a share of the queries first, and goes back where it does "
        "worse [it answers all of them at once]",
    )


class PipelineContent(Value):
    """What a pipeline is made of."""

    service: Name | None = Field(
        default=None, description="whose packages go through it [bundles of the project]"
    )
    description: str = Field(default="", max_length=1000, description="one line for people")
    steps: tuple[PipelineStep, ...] = Field(min_length=1, max_length=MOST_STEPS)

    @property
    def kind(self) -> Kind:
        """Of what it is a pipeline."""
        return "project" if self.service is None else "api"

    @field_validator("steps")
    @classmethod
    def _differ(cls, steps: tuple[PipelineStep, ...]) -> tuple[PipelineStep, ...]:
        for what in ("name", "deployment"):
            names = [name for step in steps if (name := getattr(step, what)) is not None]
            if twice := next((name for name in names if names.count(name) > 1), None):
                raise ValueError(f"two steps have the {what} {twice}")
        for gate in steps[0].gates:
            if gate.kind in ("healthy", "answers", "scenario"):
                raise ValueError(
                    f"the first step has no step before it, which a gate {gate.kind!r} is about"
                )
        return steps

    @model_validator(mode="after")
    def _settings_fit(self) -> Self:
        other = OF_KIND["api" if self.kind == "project" else "project"]
        for step in self.steps:
            given = step.settings.model_dump(exclude_defaults=True)
            for name in sorted({*given} & {*other}):
                what = "packages" if self.kind == "api" else "bundles"
                raise ValueError(f"the step {step.name} has {name}, which is not of {what}")
            if step.canary is not None and self.kind == "project":
                raise ValueError(f"the step {step.name} has canary, which is not of bundles")
        return self


class Pipeline(PipelineContent):
    """The steps that packages of a service, or bundles of a project, go through."""

    listed = ("name", "service", "steps", "description", "changed")

    project: str
    name: Name
    created: datetime
    created_by: str
    changed: datetime
    owner: str = Field(description="who saved it last: automatic steps deploy as them")

    def deployment_of(self, step: PipelineStep) -> str:
        """The id of a step's deployment."""
        return step.deployment or f"{self.name}-{step.name}"


class Verdict(Value):
    """Whether a gate holds, and why."""

    listed = ("kind", "holds", "why")

    kind: str = Field(description="of the gate")
    holds: bool
    why: str = Field(description="a sentence")


class Approval(Value):
    """That somebody said yes to a promotion."""

    by: str
    local: bool = Field(default=False, description="they work in the workspace's own folder")
    at: datetime
    note: str = ""


class Tried(Value):
    """That a release is tried on few queries at a step."""

    deployment: Name
    since: datetime
    canary: int | None = Field(default=None, description="number of the deployment's canary")


class Promotion(Value):
    """That somebody wants a release to come to a step, and what came of it."""

    listed = (
        *("number", "step", "release", "state", "requester", "asked", "ended"),
        *("gates", "approvals", "problem", "next"),
    )

    project: str
    pipeline: Name
    number: int = Field(description="counts the promotions of the pipeline, from 1")
    step: Name
    release: Name = Field(description="id of the package or bundle")
    digest: str = Field(description="sha256 of its .zip")
    state: PromotionState = Field(
        description="'waiting' for its gates, or to be carried out; 'trying': it answers a share "
        "of the queries; 'overtaken': something else is to come, or is at the step before"
    )
    requester: str
    asked: datetime
    automatic: bool = Field(default=False, description="asked for by the pipeline itself")
    approvals: tuple[Approval, ...] = ()
    gates: tuple[Verdict, ...] = Field(default=(), description="as they were last judged")
    judged: datetime | None = None
    ended: datetime | None = None
    ended_by: str = ""
    problem: str = Field(
        default="", description="why it failed or was rejected, or what stood in its way last"
    )
    job: str | None = Field(default=None, description="that carries it out: jobs log")
    tried: Tried | None = Field(default=None, description="where its step has a canary")
    next: str = Field(default="", description="what can be done now")


class StepStatus(Value):
    """What is at a step, what may come next, and what stands in the way."""

    listed = ("step", "stage", "deployment", "release", "since", "health", "coming", "gates")

    step: Name
    infrastructure: Name
    stage: str = ""
    deployment: Name
    release: Name | None = Field(
        default=None, description="id of the package or bundle; None: none, or several share"
    )
    missing: str = Field(default="", description="why there is no one release")
    since: datetime | None = Field(default=None, description="when it came")
    health: Health = "UNKNOWN"
    problem: str = Field(default="", description="why nothing can come here")
    coming: Name | None = Field(default=None, description="the release that would come next")
    gates: tuple[Verdict, ...] = Field(default=(), description="about that release")
    promotion: Promotion | None = Field(default=None, description="the newest to this step")
    canary: Canary | None = Field(default=None, description="of the release that is tried here")
    approvable: bool = Field(
        default=False, description="whether whoever asks may approve what waits here"
    )


class PipelineStatus(Value):
    """How far releases are in a pipeline."""

    listed = ("pipeline", "steps")

    project: str
    pipeline: Name
    service: Name | None = None
    steps: tuple[StepStatus, ...]


class PipelineSummary(Value):
    """One line of a list of pipelines."""

    listed = ("name", "service", "steps", "waiting", "description", "owner", "changed")

    project: str
    name: Name
    service: Name | None = None
    steps: tuple[Name, ...]
    waiting: int = Field(description="promotions that wait")
    description: str = ""
    owner: str
    changed: datetime
