"""The steps of a governed item as pages show them: what each asks for, and what is given."""

from __future__ import annotations

from modelyard.governance.signoffs.types import Workflow
from modelyard.governance.templates.types import Step, Template
from modelyard.governance.templates.views import View
from modelyard.kernel.values import Value


class Filling(Value):
    """A step with what it asks for, so far as it is filled in."""

    step: Step
    view: View
    """Of the fields that are shown now."""
    own: bool
    """The template says how they are laid out."""
    asked: int
    """How many fields it shows."""
    given: int
    missing: int
    """Fields without which it cannot be finished."""
    now: bool


def fillings_of(workflow: Workflow | None, template: Template | None) -> tuple[Filling, ...]:
    """The steps that ask for something, those that are shown."""
    if workflow is None or template is None:
        return ()
    views = {each.step: each for each in workflow.views if each.step}
    own = {each.step for each in template.views}
    found = []
    for step, state in zip(template.steps, workflow.steps, strict=True):
        if step.id not in views:
            continue
        fields = [each for each in workflow.fields if each.step == step.id and each.visible]
        filled = Filling(
            step=step,
            view=views[step.id],
            own=step.id in own,
            asked=len(fields),
            given=sum(each.value is not None for each in fields),
            missing=sum(each.missing for each in fields),
            now=state.status == "ONGOING",
        )
        found.append(filled)
    return tuple(found)
