"""Steps, fields and sign-offs of a governed item as they are told."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from typing import TypeVar

from modelyard.governance.roles.rights import Holder
from modelyard.governance.signoffs.desk import Desk
from modelyard.governance.signoffs.possible import possible_in, possible_of
from modelyard.governance.signoffs.rights import Actor
from modelyard.governance.signoffs.standing import stands
from modelyard.governance.signoffs.types import FieldState, Round, SignoffState, StepState, Workflow
from modelyard.governance.templates.fields import AnyField
from modelyard.governance.templates.types import Step
from modelyard.governance.templates.views import View

R = TypeVar("R", bound=Round)


def shown(desk: Desk, holder: Holder, warnings: Iterable[str] = ()) -> Workflow:
    """All of it that somebody may know, with what they can do with it."""
    template = desk.template
    asked = {name: step.id for step in template.steps for name in step.fields}
    fields = tuple(
        _field(desk, holder, field, asked.get(field.id, ""))
        for field in template.fields
        if field.id in holder.reads
    )
    return Workflow(
        item=desk.item.id,
        template=template.name,
        version=template.version,
        status=desk.course.status,
        stands=stands(desk.course.signoffs.values()),
        steps=tuple(_step(desk, step, holder.reads) for step in template.steps),
        fields=fields,
        views=tuple(_views(desk, {each.id for each in fields if each.visible})),
        signoffs=tuple(state_of(desk, step, holder) for step in desk.rounds),
        warnings=tuple(warnings),
        possible=tuple(possible_in(desk, Actor(holder))),
    )


def _views(desk: Desk, fields: Container[str]) -> Iterator[View]:
    """The views of these fields: of no step, then of each that is shown."""
    course, template = desk.course, desk.template
    steps = (template.view_of(step) for step in template.steps if course.shows(step))
    for view in (*template.overviews, *steps):
        shown = view and view.narrowed(lambda name: name in fields, course.shows)
        if shown is not None:
            yield shown


def state_of(desk: Desk, step: str, holder: Holder | None = None) -> SignoffState:
    """The sign-off of a step, as far as a holder may know it, with what they can do with it.

    Without a holder all of it.
    """
    found = SignoffState(
        **dict(desk.rounds[step]), item=desk.item.id, step=step, current=desk.digest(step)
    )
    if holder is None:
        return found
    possible = tuple(possible_of(desk, Actor(holder), step))
    return without_digests(found.model_copy(update={"possible": possible}), holder)


def without_digests(signoff: R, holder: Holder) -> R:
    """A sign-off without digests of what a holder may not know whole: they could be guessed by."""
    if holder.reads_all:
        return signoff
    known: dict[str, str] = {
        n: "" for n in ("digest", "current") if n in type(signoff).model_fields
    }
    return signoff.model_copy(update=known)


def _step(desk: Desk, step: Step, reads: frozenset[str]) -> StepState:
    return StepState(
        id=step.id,
        title=step.title,
        status=desk.course.status_of(step.id),
        visible=desk.course.shows(step),
        missing=tuple(field.id for field in desk.course.missing(step) if field.id in reads),
        signoff_status=desk.course.signoffs.get(step.id),
    )


def _field(desk: Desk, holder: Holder, field: AnyField, step: str) -> FieldState:
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
        locked=field.id not in holder.writes,
    )
