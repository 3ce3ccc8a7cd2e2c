"""Pipelines as files write them: compared with what is, and what is to be done about it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from modelyard import errors
from modelyard.deployments.deploying.types import AppliedChange
from modelyard.deployments.promoting.commands import CreatePipeline, ShowPipeline, UpdatePipeline
from modelyard.deployments.promoting.types import Pipeline, PipelineContent
from modelyard.kernel.command import Command
from modelyard.kernel.context import Context
from modelyard.kernel.values import Name


class DeclaredPipeline(PipelineContent):
    """A pipeline as a file wants it; what is left out is as for a new one."""

    name: Name


def commands_for(
    context: Context, project: str, wanted: DeclaredPipeline
) -> tuple[list[AppliedChange], list[Command[Any]], bool]:
    """What differs, the commands that change it, and whether it is new.

    Raises:
        Conflict: it is a pipeline of something else.
    """
    here: dict[str, Any] = {"project": project, "name": wanted.name}
    given: dict[str, Any] = {"steps": wanted.steps, "description": wanted.description}
    try:
        found = context.caller.run(ShowPipeline(**here))
    except errors.NotFound:
        return [], [CreatePipeline(**here, **given, service=wanted.service)], True
    if found.service != wanted.service:
        raise errors.Conflict(
            f"the pipeline {wanted.name} is of {found.service or 'bundles'}, and never of anything "
            "else; take another name, or delete it first"
        )
    changes = list(_changes(found, wanted))
    return changes, [UpdatePipeline(**here, **given)] if changes else [], False


def _changes(found: Pipeline, wanted: DeclaredPipeline) -> Iterator[AppliedChange]:
    if found.description != wanted.description:
        yield AppliedChange(field="description", before=found.description, after=wanted.description)
    before, after = _told(found), _told(wanted)
    if [*before] != [*after]:
        yield AppliedChange(field="steps", before=", ".join(before), after=", ".join(after))
    for name in after:
        if before.get(name) != after[name]:
            yield AppliedChange(
                field=f"steps.{name}", before=before.get(name, ""), after=after[name]
            )


def _told(content: PipelineContent) -> dict[str, str]:
    """Each step as JSON, without what is as it is by itself."""
    return {
        step.name: json.dumps(step.model_dump(mode="json", exclude_defaults=True))
        for step in content.steps
    }
