"""Steps, fields and sign-offs of a governed item as they are told."""

from __future__ import annotations

from collections.abc import Iterable

from modelyard.governance.signoffs.desk import Desk
from modelyard.governance.signoffs.types import FieldState, SignoffState, StepState, Workflow
from modelyard.governance.templates.fields import AnyField
from modelyard.governance.templates.types import Step


def shown(desk: Desk, warnings: Iterable[str] = ()) -> Workflow:
    """All of it."""
    template = desk.template
    asked = {name: step.id for step in template.steps for name in step.fields}
    return Workflow(
        item=desk.item.id,
        template=template.name,
        version=template.version,
        status=desk.course.status,
        steps=tuple(_step(desk, step) for step in template.steps),
        fields=tuple(_field(desk, field, asked.get(field.id, "")) for field in template.fields),
        signoffs=tuple(state_of(desk, step) for step in desk.rounds),
        warnings=tuple(warnings),
    )


def state_of(desk: Desk, step: str) -> SignoffState:
    """The sign-off of a step."""
    told = dict(desk.rounds[step])
    return SignoffState(**told, item=desk.item.id, step=step, current=desk.digest(step))


def _step(desk: Desk, step: Step) -> StepState:
    return StepState(
        id=step.id,
        title=step.title,
        status=desk.course.status_of(step.id),
        visible=desk.course.shows(step),
        missing=tuple(field.id for field in desk.course.missing(step)),
        signoff_status=desk.course.signoffs.get(step.id),
    )


def _field(desk: Desk, field: AnyField, step: str) -> FieldState:
    value = desk.item.fields.get(field.id)
    visible = desk.course.shows(field)
    return FieldState(
        id=field.id,
        title=field.title,
        step=step,
        type=field.type,
        value=value,
        required=field.required,
        visible=visible,
        missing=field.required and visible and value is None,
    )
