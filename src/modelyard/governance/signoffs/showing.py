"""Steps, fields and sign-offs of a governed item as they are told."""

from __future__ import annotations

from collections.abc import Iterable

from modelyard.governance.roles.rights import Holder
from modelyard.governance.signoffs.desk import Desk
from modelyard.governance.signoffs.types import FieldState, SignoffState, StepState, Workflow
from modelyard.governance.templates.fields import AnyField
from modelyard.governance.templates.types import Step


def shown(desk: Desk, holder: Holder, warnings: Iterable[str] = ()) -> Workflow:
    """All of it that somebody may know."""
    template = desk.template
    asked = {name: step.id for step in template.steps for name in step.fields}
    return Workflow(
        item=desk.item.id,
        template=template.name,
        version=template.version,
        status=desk.course.status,
        steps=tuple(_step(desk, step, holder.reads) for step in template.steps),
        fields=tuple(
            _field(desk, field, asked.get(field.id, ""))
            for field in template.fields
            if field.id in holder.reads
        ),
        signoffs=tuple(state_of(desk, step, holder) for step in desk.rounds),
        warnings=tuple(warnings),
    )


def state_of(desk: Desk, step: str, holder: Holder | None = None) -> SignoffState:
    """The sign-off of a step; without digests of what a holder may not know whole."""
    found = SignoffState(
        **dict(desk.rounds[step]), item=desk.item.id, step=step, current=desk.digest(step)
    )
    is_whole = holder is None or holder.reads_all
    return found if is_whole else found.model_copy(update={"digest": "", "current": ""})


def _step(desk: Desk, step: Step, reads: frozenset[str]) -> StepState:
    return StepState(
        id=step.id,
        title=step.title,
        status=desk.course.status_of(step.id),
        visible=desk.course.shows(step),
        missing=tuple(field.id for field in desk.course.missing(step) if field.id in reads),
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
