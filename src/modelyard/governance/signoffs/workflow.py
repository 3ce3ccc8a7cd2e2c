"""Steps of a governed item: which are shown, and how one comes from one to the next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Any

from modelyard import errors
from modelyard.governance.templates.conditions import Known
from modelyard.governance.templates.fields import AnyField
from modelyard.governance.templates.types import Step, Template
from modelyard.governance.templates.views import Container
from modelyard.governance.templates.words import SignoffStatus, StepStatus

DONE: tuple[StepStatus, ...] = ("FINISHED", "SKIPPED")
FINISHED = "finished"
"""How an item is called whose steps are all done."""


@dataclass(frozen=True)
class Course:
    """Where an item is: what its template asks, and what was said and done."""

    template: Template
    fields: Mapping[str, Any]
    steps: Mapping[str, StepStatus]
    signoffs: Mapping[str, SignoffStatus]
    """How the sign-offs are that still hold, by the ids of their steps."""

    @property
    def known(self) -> Known:
        """What conditions are about."""
        return Known(self.fields, self.steps, self.signoffs)

    def shows(self, part: AnyField | Step | Container) -> bool:
        """Whether a field, a step or a container of a view is to be seen now."""
        return part.visible_if is None or part.visible_if.holds(self.known)

    def status_of(self, step: str) -> StepStatus:
        """How a step is."""
        return self.steps.get(step, "NOT_STARTED")

    @property
    def ongoing(self) -> Step | None:
        """The step that it is in."""
        steps = self.template.steps
        return next((each for each in steps if self.status_of(each.id) == "ONGOING"), None)

    @property
    def is_finished(self) -> bool:
        """Whether all of its steps are done."""
        steps = self.template.steps
        return bool(steps) and all(self.status_of(each.id) in DONE for each in steps)

    @property
    def status(self) -> str:
        """Where it is, for people; empty before its first step."""
        ongoing = self.ongoing
        return ongoing.called if ongoing else FINISHED if self.is_finished else ""

    def missing(self, step: Step) -> list[AnyField]:
        """What a step asks for, shows, and does not have."""
        asked = (self.template.field(each) for each in step.fields)
        return [
            field
            for field in asked
            if field.required and self.fields.get(field.id) is None and self.shows(field)
        ]

    def lacking(self, step: Step) -> list[AnyField]:
        """What a step and those before it need; of those only what cannot be passed over."""
        found: list[AnyField] = []
        for each in self.template.steps:
            if self.shows(each) and (each.id == step.id or not self.passes_over(each)):
                found += self.missing(each)
            if each.id == step.id:
                break
        return found

    def passes_over(self, step: Step) -> bool:
        """Whether it is optional, and was not begun."""
        return step.optional and self.status_of(step.id) in ("NOT_STARTED", "SKIPPED")


@dataclass(frozen=True)
class Moved:
    """An item that came to another step, and what people are told of that."""

    course: Course
    warnings: tuple[str, ...] = ()


def moved(course: Course, to: str | None, reads: AbstractSet[str] | None = None) -> Moved:
    """Bring an item to a step, or to the next one that it shows, or to its end.

    On the way forward every step before is finished, or skipped: those that are not shown, and
    optional ones that were not begun. On the way back the steps after it begin anew.

    Args:
        course: where it is.
        to: id of the step; None: the next one.
        reads: the fields that may be named to whoever does this; None: all.

    Raises:
        NotFound: there is no such step.
        Conflict: it is there, finished already, or the step is not shown.
        Blocked: a step before lacks a value that is required, or an approval.
    """
    order = [step.id for step in course.template.steps]
    ongoing = course.ongoing
    if to is None:
        if course.is_finished or not order:
            raise errors.Conflict("all of its steps are finished; name one to go back to")
        start = order.index(ongoing.id) + 1 if ongoing else 0
        return _forward(course, start, reads, named=False)
    if to not in order:
        raise errors.NotFound.among("step", to, order)
    if ongoing is not None and ongoing.id == to:
        raise errors.Conflict(f"the step {ongoing.called} is under way already")
    target = order.index(to)
    done = course.status_of(to) in DONE
    return _back(course, target) if done else _forward(course, target, reads, named=True)


def _back(course: Course, target: int) -> Moved:
    steps = dict(course.steps)
    for step in course.template.steps[target + 1 :]:
        steps[step.id] = "NOT_STARTED"
    here = course.template.steps[target]
    return Moved(_begun(replace(course, steps=steps), here))


def _forward(course: Course, target: int, reads: AbstractSet[str] | None, *, named: bool) -> Moved:
    """Finish what is before a step, and begin it; if it was not named, the next that is shown."""
    warnings: list[str] = []
    for place, step in enumerate(course.template.steps):
        if place >= target and (named or course.shows(step)):
            return Moved(_begun(course, step), tuple(warnings))
        status = _left(course, step, reads)
        if status == "SKIPPED" and step.signoff is not None and step.signoff.mandatory:
            warnings.append(f"{step.called} is passed over without its sign-off: it is not shown")
        course = replace(course, steps={**course.steps, step.id: status})
    return Moved(course, tuple(warnings))


def _begun(course: Course, step: Step) -> Course:
    if not course.shows(step):
        raise errors.Conflict(f"the step {step.called} is not shown, since its condition fails")
    return replace(course, steps={**course.steps, step.id: "ONGOING"})


def _left(course: Course, step: Step, reads: AbstractSet[str] | None) -> StepStatus:
    """How a step is once it is behind.

    Raises:
        Blocked: it lacks something.
    """
    if not course.shows(step):
        return "SKIPPED"
    if course.passes_over(step):
        return "SKIPPED"
    problems = list(_problems(course, step, reads))
    if problems:
        raise errors.Blocked(
            f"the step {step.called} is not finished: {' and '.join(problems)}", step=step.id
        )
    return "FINISHED"


def called(fields: Sequence[AnyField], reads: AbstractSet[str] | None) -> str:
    """Some fields for people, of whom some may not know that a field is there."""
    known = [field.called for field in fields if reads is None or field.id in reads]
    if len(known) < len(fields):
        known.append("what others have to fill in")
    return ", ".join(known)


def _problems(course: Course, step: Step, reads: AbstractSet[str] | None) -> Iterator[str]:
    missing = called(course.missing(step), reads)
    if missing:
        yield f"it needs {missing}"
    signoff = course.signoffs.get(step.id, "NOT_STARTED")
    if step.signoff is not None and step.signoff.mandatory and signoff != "APPROVED":
        yield f"its sign-off is {signoff.replace('_', ' ').lower()}, and has to be approved"
