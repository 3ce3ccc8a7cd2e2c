"""Which step and which release somebody means who promotes."""

from __future__ import annotations

from sqlalchemy import Connection

from modelyard import errors
from modelyard.deployments.promoting.positions import Position, position_of, step_before
from modelyard.deployments.promoting.releases import newest, release_of
from modelyard.deployments.promoting.types import Pipeline, PipelineStep


def chosen(
    db: Connection, pipeline: Pipeline, step: str | None, release: str | None
) -> tuple[PipelineStep, str]:
    """The step that is meant, and the release that is to come there.

    Raises:
        NotFound: there is no such step or release.
        Invalid: several steps could be meant.
        Conflict: nothing can come there; the message says why.
    """
    if release is not None:
        release_of(db, pipeline, release)
    found = _step(db, pipeline, release) if step is None else step_named(pipeline, step)
    before = step_before(pipeline, found)
    if before is None:
        coming = release or newest(db, pipeline)
        if coming is None:
            made = "packages" if pipeline.kind == "api" else "bundles"
            raise errors.Conflict(f"there is nothing to promote yet; make one: {made} create")
        return found, coming
    position = position_of(db, pipeline, before)
    if position.release is None:
        raise errors.Conflict(f"{position.said}: pipelines promote {pipeline.name}")
    if release not in (None, position.release):
        raise errors.Conflict(
            f"{release} is not at {before.name}, where {position.release} is; it has to come there "
            f"first: pipelines promote {pipeline.name} --step {before.name} --release {release}"
        )
    return found, position.release


def step_named(pipeline: Pipeline, name: str) -> PipelineStep:
    """A step by its name; NotFound if there is none."""
    found = next((each for each in pipeline.steps if each.name == name), None)
    if found is None:
        known = [each.name for each in pipeline.steps]
        raise errors.NotFound.among(f"step in the pipeline {pipeline.name} named", name, known)
    return found


def coming_to(db: Connection, pipeline: Pipeline, positions: list[Position]) -> list[str | None]:
    """What would come to each step next; None: nothing, or it is there."""
    found: list[str | None] = []
    for place, position in enumerate(positions):
        coming = positions[place - 1].release if place else newest(db, pipeline)
        digest = positions[place - 1].digest if place else _digest(db, pipeline, coming)
        found.append(None if position.digest and position.digest == digest else coming)
    return found


def _step(db: Connection, pipeline: Pipeline, release: str | None) -> PipelineStep:
    """The next step of a release; without one, the only step that something could come to."""
    positions = [position_of(db, pipeline, step) for step in pipeline.steps]
    if release is not None:
        reached = [n for n, each in enumerate(positions) if each.release == release]
        following = max(reached) + 1 if reached else 0
        if following == len(pipeline.steps):
            last = pipeline.steps[-1].name
            raise errors.Conflict(f"{release} is at {last} already, the last step")
        return pipeline.steps[following]
    coming = coming_to(db, pipeline, positions)
    open_to = [(step, name) for step, name in zip(pipeline.steps, coming, strict=True) if name]
    if not open_to:
        raise errors.Conflict(f"the newest release went through all steps of {pipeline.name}")
    if len(open_to) > 1:
        first = f"{open_to[0][1]} could come to {open_to[0][0].name}"
        more = (f"{name} to {step.name}" for step, name in open_to[1:])
        raise errors.Invalid(f"say which step is meant: {', '.join((first, *more))}", field="step")
    return open_to[0][0]


def _digest(db: Connection, pipeline: Pipeline, name: str | None) -> str:
    return "" if name is None else release_of(db, pipeline, name).digest
