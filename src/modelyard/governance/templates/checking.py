"""What is wrong with a template as a whole: names of nothing, names twice, circles."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter
from typing import Any

from modelyard import errors
from modelyard.governance.templates.conditions import (
    IN_TEMPLATES,
    Condition,
    FieldTest,
    SignoffTest,
    StepTest,
    tests_in,
)
from modelyard.governance.templates.fields import AnyField, Unfit
from modelyard.governance.templates.hooks import FUNCTION, GIVEN
from modelyard.governance.templates.roles import REVIEWER, Role
from modelyard.governance.templates.types import Move, Step, Template
from modelyard.governance.templates.views import DEEPEST, Container, View
from modelyard.kernel.documents import Fault
from modelyard.runtime.functions import require_function

Place = tuple[str | int, ...]
NAMING = ("text", "category")
"""Types of fields that can name users and groups."""
PLAIN = ("number", "boolean", "text", "category", "date", "reference")
"""Types of fields whose values rules about roles can look at."""


def faults_of(template: Template) -> Iterator[Fault]:
    """Everything that is wrong with it though each part is right by itself."""
    yield from _twice(("fields",), (each.id for each in template.fields), "field")
    yield from _twice(("steps",), (each.id for each in template.steps), "step")
    yield from _asked(template)
    conditions = [
        *((("fields", at, "visible_if"), each) for at, each in enumerate(template.fields)),
        *((("steps", at, "visible_if"), each) for at, each in enumerate(template.steps)),
    ]
    for place, each in conditions:
        yield from _condition(template, each.visible_if, place)
    yield from _circle(conditions)
    for at, step in enumerate(template.steps):
        if step.signoff is not None:
            groups = (each.id for each in step.signoff.feedback)
            yield from _twice(("steps", at, "signoff", "feedback"), groups, "feedback group")
    yield from _views(template)
    for at, move in enumerate(template.moves):
        yield from _move(template, move, ("moves", at))
    yield from _twice(("roles",), (each.id for each in template.roles), "role")
    for at, role in enumerate(template.roles):
        yield from _role(template, role, ("roles", at))
    yield from _twice(("hooks",), (each.id for each in template.hooks), "hook")
    for at, hook in enumerate(template.hooks):
        try:
            require_function(hook.code, FUNCTION, GIVEN)
        except errors.Invalid as exc:
            yield ("hooks", at, "code"), exc.detail
    for at, name in enumerate(template.roles_from.fields):
        yield from _field_of(template, name, ("reference",), ("roles_from", "fields", at))


def _twice(place: Place, ids: Iterable[str], what: str) -> Iterator[Fault]:
    seen: set[str] = set()
    for at, each in enumerate(ids):
        if each in seen:
            yield (*place, at, "id"), f"there are two {what}s {each!r}; give one another id"
        seen.add(each)


def _asked(template: Template) -> Iterator[Fault]:
    """Each field is asked for in one step at most, and one that is required in one."""
    asked: dict[str, str] = {}
    for at, step in enumerate(template.steps):
        for place, each in enumerate(step.fields):
            here: Place = ("steps", at, "fields", place)
            if template.field(each) is None:
                yield here, _unknown("field", each, (field.id for field in template.fields))
            elif each in asked:
                yield here, f"the step {asked[each]} asks for {each} already"
            asked.setdefault(each, step.id)
    for at, field in enumerate(template.fields):
        if field.required and field.id not in asked:
            problem = f"no step asks for {field.id}, so nothing would wait for it"
            yield ("fields", at, "required"), f"{problem}; name it in the fields of a step"


def _condition(template: Template, condition: Condition | None, place: Place) -> Iterator[Fault]:
    for test, here in tests_in(condition, *place):
        if isinstance(test, FieldTest):
            yield from _field_test(template, test, here)
        elif isinstance(test, StepTest):
            if template.step(test.step) is None:
                steps = [step.id for step in template.steps]
                yield (*here, "step"), _unknown("step", test.step, steps)
        elif not isinstance(test, SignoffTest):
            kinds = ", ".join(IN_TEMPLATES)
            yield here, f"that is for filters; in templates conditions have one of the keys {kinds}"
        else:
            known = [step.id for step in template.steps if step.signoff is not None]
            if test.signoff not in known:
                yield (*here, "signoff"), _unknown("step with a sign-off", test.signoff, known)


def _field_test(template: Template, test: FieldTest, place: Place) -> Iterator[Fault]:
    field = template.field(test.field)
    if field is None:
        known = (each.id for each in template.fields)
        yield (*place, "field"), _unknown("field", test.field, known)
        return
    if (test.above, test.below) != (None, None) and field.type != "number":
        key = "above" if test.above is not None else "below"
        yield (*place, key), f"{field.id} is no number; it can be compared by equals and one_of"
    asked: list[tuple[Place, Any]] = []
    if test.equals is not None:
        asked.append(((*place, "equals"), test.equals))
    asked += [((*place, "one_of", at), each) for at, each in enumerate(test.one_of or ())]
    for here, value in asked:
        try:
            kept = field.one(value)
        except Unfit as exc:
            yield here, f"it could never hold: {field.id} {exc}"
        else:
            if kept != value or type(kept) is bool is not type(value):
                yield here, f"it could never hold: write it as {kept!r}, as {field.id} keeps it"


def _circle(conditions: Iterable[tuple[Place, AnyField | Step]]) -> Iterator[Fault]:
    """What is shown by a condition on itself, maybe by way of others."""
    places: dict[str, Place] = {}
    graph: dict[str, set[str]] = {}
    for place, each in conditions:
        name = f"{'step' if isinstance(each, Step) else 'field'} {each.id}"
        places[name] = place
        for test, _ in tests_in(each.visible_if):
            if isinstance(test, FieldTest):
                needed = f"field {test.field}"
            elif isinstance(test, StepTest | SignoffTest):
                needed = f"step {test.step if isinstance(test, StepTest) else test.signoff}"
            else:
                continue
            graph.setdefault(name, set()).add(needed)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as exc:
        circle = [name for name in reversed(exc.args[1]) if name in places]
        yield places[circle[0]], f"conditions go in a circle: {' needs '.join(exc.args[1][::-1])}"


def _views(template: Template) -> Iterator[Fault]:
    yield from _twice(("views",), (each.id for each in template.views), "view")
    laid_out: dict[str, str] = {}
    for at, view in enumerate(template.views):
        here: Place = ("views", at)
        step = template.step(view.step) if view.step else None
        if view.step is not None and step is None:
            known = (each.id for each in template.steps)
            yield (*here, "step"), _unknown("step", view.step, known)
        elif view.step in laid_out:
            yield (*here, "step"), f"the view {laid_out[view.step]} is of the step {view.step}"
        elif view.step is not None:
            laid_out[view.step] = view.id
        asked = [each.id for each in template.fields] if step is None else list(step.fields)
        shown: set[str] = set()
        for name, place in _shown(view, here):
            if template.field(name) is None:
                yield place, _unknown("field", name, (each.id for each in template.fields))
            elif name not in asked:
                yield place, f"the step {view.step} does not ask for {name}"
            elif name in shown:
                yield place, f"the view {view.id} shows {name} already"
            shown.add(name)
        yield from _container(template, view, view, here, 1)


def _shown(container: Container, place: Place) -> Iterator[tuple[str, Place]]:
    """The fields in a container and in those that it holds, each with where it stands."""
    for at, part in enumerate(container.parts):
        here = (*place, "parts", at)
        if isinstance(part, Container):
            yield from _shown(part, here)
        else:
            yield part, here


def _container(
    template: Template, view: View, container: Container, place: Place, depth: int
) -> Iterator[Fault]:
    """What is wrong with a container, and with those that it holds."""
    if depth > DEEPEST:
        yield place, f"containers go {DEEPEST} deep at most"
        return
    yield from _condition(template, container.visible_if, (*place, "visible_if"))
    if container.visible_if is not None and view.step is not None:
        for name in container.fields:
            field = template.field(name)
            if field is not None and field.required:
                problem = f"{name} is required, and would be waited for where it is not shown"
                yield (*place, "visible_if"), f"{problem}; give the condition to {name} itself"
    for at, part in enumerate(container.parts):
        if not isinstance(part, Container):
            continue
        here = (*place, "parts", at)
        if container.layout == "table" and any(isinstance(one, Container) for one in part.parts):
            yield here, "it is a row of a table, which holds fields only"
        yield from _container(template, view, part, here, depth + 1)


def _move(template: Template, move: Move, place: Place) -> Iterator[Fault]:
    if move.before >= template.version:
        yield (*place, "before"), f"items come from versions before {template.version}"
    if move.before in {each.before for each in template.moves[: int(place[1])]}:
        yield (*place, "before"), f"there are two moves from version {move.before}"
    for old, new in move.fields.items():
        if template.field(new) is None:
            known = (field.id for field in template.fields)
            yield (*place, "fields", old), _unknown("field", new, known)
    for old, new in move.steps.items():
        if template.step(new) is None:
            known = (step.id for step in template.steps)
            yield (*place, "steps", old), _unknown("step", new, known)
    values = [
        ((*place, "values", name, old), name, new)
        for name, renamed in move.values.items()
        for old, new in renamed.items()
    ]
    filled = [((*place, "fill", name), name, value) for name, value in move.fill.items()]
    for here, name, value in [*values, *filled]:
        field = template.field(name)
        if field is None:
            yield here, _unknown("field", name, (each.id for each in template.fields))
            continue
        try:
            field.checked(value) if here[2] == "fill" else field.one(value)
        except Unfit as exc:
            yield here, f"{name} {exc}"


def _role(template: Template, role: Role, place: Place) -> Iterator[Fault]:
    for key in ("reads", "writes"):
        fields = getattr(role, key)
        inside = "all_but" if fields.only is None else "only"
        for at, name in enumerate(fields.named):
            yield from _field_of(template, name, (), (*place, key, inside, at))
    group = role.id.removeprefix(REVIEWER)
    known = [each.id for step in template.steps if step.signoff for each in step.signoff.feedback]
    if group != role.id and group not in known:
        yield (*place, "id"), _unknown("feedback group", group, known)
    for at, given in enumerate(role.given):
        here = (*place, "given", at)
        if given.named_in is not None:
            yield from _field_of(template, given.named_in, NAMING, (*here, "named_in"))
        yield from _condition(template, given.only_if, (*here, "only_if"))
        for test, inner in tests_in(given.only_if, *here, "only_if"):
            if isinstance(test, SignoffTest):
                yield (*inner, "signoff"), "roles are given by fields and steps, not by sign-offs"
            elif isinstance(test, FieldTest) and test.given is None:
                yield from _field_of(template, test.field, PLAIN, (*inner, "field"))


def _field_of(
    template: Template, name: str, types: tuple[str, ...], place: Place
) -> Iterator[Fault]:
    """Refuse a field that is not there, or of none of some types."""
    field = template.field(name)
    if field is None:
        yield place, _unknown("field", name, (each.id for each in template.fields))
    elif types and field.type not in types:
        yield place, f"{name} is of the type {field.type}, and has to be of {' or '.join(types)}"


def _unknown(what: str, name: str, known: Iterable[str]) -> str:
    names = ", ".join(known)
    return f"there is no {what} {name!r}; " + (f"there are: {names}" if names else "there is none")
