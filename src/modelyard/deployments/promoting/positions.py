"""Which release is at a step of a pipeline: read off the step's deployment, and kept nowhere."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from modelyard.deployments.deploying import repository, updates
from modelyard.deployments.deploying.repository import Kept
from modelyard.deployments.deploying.types import KeptUpdate
from modelyard.deployments.drivers.types import Desired, DesiredService
from modelyard.deployments.infrastructures import repository as infrastructures
from modelyard.deployments.promoting.types import Pipeline, PipelineStep


@dataclass(frozen=True)
class Position:
    """What is at a step."""

    step: PipelineStep
    deployment: str
    kept: Kept | None = None
    """The deployment; None: there is none yet."""
    release: str | None = None
    """The one package or bundle that answers; None: none does, or several share."""
    digest: str = ""
    since: datetime | None = None
    """When it came, in the update that brought it."""
    desired: Desired | None = None
    problem: str = ""
    """Why nothing can come here."""

    @property
    def said(self) -> str:
        """Why there is no release to go on from here."""
        if self.problem:
            return self.problem
        if self.kept is None or self.kept.pushed is None:
            return f"nothing is deployed at {self.step.name} yet"
        if not self.kept.settings.enabled:
            return f"{self.deployment}, of the step {self.step.name}, is disabled"
        several = ", ".join(self.kept.settings.content)
        return f"{several} share the queries at {self.step.name}; one of them has to answer all"


def position_of(db: Connection, pipeline: Pipeline, step: PipelineStep) -> Position:
    """Look at what a step's deployment has, as the last update that succeeded left it."""
    name = pipeline.deployment_of(step)
    kept = repository.find(db, pipeline.project, name)
    problem = _problem(db, pipeline, step, kept)
    if kept is None or kept.pushed is None or problem:
        return Position(step, name, kept, problem=problem)
    done = updates.succeeded(db, pipeline.project, name)
    pushed = next((each for each in done if each.number == kept.pushed), None)
    if pushed is None or len(kept.settings.content) != 1 or not kept.settings.enabled:
        return Position(step, name, kept)
    digest = digest_in(pushed.desired)
    came = _came(done, digest)
    return Position(
        step,
        name,
        kept,
        release=kept.settings.content[0],
        digest=digest,
        since=came.ended,
        desired=pushed.desired,
    )


def step_before(pipeline: Pipeline, step: PipelineStep) -> PipelineStep | None:
    """The step from which releases come; None: it is the first."""
    place = pipeline.steps.index(step)
    return pipeline.steps[place - 1] if place else None


def digest_in(desired: Desired) -> str:
    """The digest of the one release that is deployed; empty: several share."""
    if isinstance(desired, DesiredService):
        alone = [each for each in desired.packages if desired.shares.get(each.package) == 1.0]
        return alone[0].digest if len(alone) == 1 else ""
    return desired.digest


def _came(done: list[KeptUpdate], digest: str) -> KeptUpdate:
    """The first of the last updates that all have the same release."""
    came = done[-1]
    for each in reversed(done):
        if digest_in(each.desired) != digest or not each.settings.enabled:
            break
        came = each
    return came


def _problem(db: Connection, pipeline: Pipeline, step: PipelineStep, kept: Kept | None) -> str:
    """Why a step cannot be deployed to."""
    if kept is None:
        where = infrastructures.find(db, step.infrastructure)
        if where is None:
            return (
                f"the infrastructure {step.infrastructure} of the step {step.name} was deleted; "
                f"name another: pipelines update {pipeline.name}"
            )
        if where.kind != pipeline.kind:
            takes = "packages" if where.kind == "api" else "bundles"
            return f"{step.infrastructure}, of the step {step.name}, takes only {takes}"
        return ""
    wanted = (step.infrastructure, pipeline.kind)
    if (kept.infrastructure, kept.kind) != wanted:
        return (
            f"the deployment {kept.name} of the step {step.name} is on {kept.infrastructure}, not "
            f"{step.infrastructure}; name it otherwise in the step, or delete it"
        )
    target = pipeline.service or step.settings.as_project or pipeline.project
    if kept.target != target:
        return (
            f"the deployment {kept.name} of the step {step.name} is of {kept.target}, not "
            f"{target}; name it otherwise in the step, or delete it"
        )
    return ""
