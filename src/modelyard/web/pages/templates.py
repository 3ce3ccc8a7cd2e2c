"""The pages of templates: all of them, one in readable form, a text that is validated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, get_args

from modelyard import errors
from modelyard.governance.items.ids import KINDS
from modelyard.governance.templates.commands import (
    ExportTemplate,
    ListTemplates,
    ShowTemplate,
    WriteTemplate,
)
from modelyard.governance.templates.fields import People
from modelyard.governance.templates.reading import written
from modelyard.governance.templates.types import (
    KeptTemplate,
    SignoffPlan,
    Template,
    TemplateSummary,
)
from modelyard.governance.templates.views import Container
from modelyard.governance.templates.words import TemplateState
from modelyard.kernel.values import Value
from modelyard.web.pages.home import may
from modelyard.web.pages.page import Crumb, Download, Page, View, Visit, address
from modelyard.web.pages.plain_words import label_of

ALL = "/governance/templates"
ONE = f"{ALL}/{{name}}"
TEXT = "/governance/template-text"
RIGHT = "templates:write"
ABOVE = Crumb(label="Templates", href=ALL)
STATES: tuple[TemplateState, ...] = get_args(TemplateState)
STARTER = """\
name: review
version: 1
kind: version
title: Review of a version
fields:
- {id: risk, type: category, options: [low, medium, high], required: true}
steps:
- {id: describe, title: Describe it, fields: [risk]}
- id: review
  signoff:
    approvers: {groups: [approvers]}
"""


class TemplatesView(View):
    """All versions of all templates."""

    lines: tuple[tuple[TemplateSummary, str], ...]
    """Each with its address."""
    may_write: bool


class FieldLine(Value):
    """A field in readable form."""

    id: str
    title: str
    help: str
    takes: str
    required: bool
    step: str
    condition: str
    editors: str


class StepLine(Value):
    """A step in readable form."""

    id: str
    title: str
    help: str
    optional: bool
    fields: tuple[str, ...]
    condition: str
    asked: tuple[str, ...]
    """Who gives feedback, each group in words."""
    approvers: str
    rules: tuple[str, ...]


class ViewLine(Value):
    """A view of a template, or a part inside one, in readable form."""

    title: str
    depth: int
    layout: str
    holds: tuple[str, ...]
    """The fields that stand in it, and in no part of it."""
    condition: str


class TemplateView(View):
    """A version of a template."""

    template: KeptTemplate
    fields: tuple[FieldLine, ...]
    steps: tuple[StepLine, ...]
    views: tuple[ViewLine, ...]
    editors: str
    versions: tuple[tuple[TemplateSummary, str], ...]
    text: str
    here: str
    may_write: bool


class TextView(View):
    """A template that is being written."""

    text: str
    draft: bool
    problem: str
    found: TemplateSummary | None
    """None: it was not looked at, or is wrong."""


def href(name: str, version: int | None = None) -> str:
    """The address of a template, of its newest active version if none is named."""
    return address(ONE, name=name) + (f"?version={version}" if version else "")


def templates(visit: Visit) -> TemplatesView:
    """By kind, as far as they are asked for."""
    asked = ListTemplates(kind=visit.one_of("kind", KINDS), state=visit.one_of("state", STATES))
    there = visit.run(asked)
    found = sorted(there, key=lambda each: (KINDS.index(each.kind), each.name, -each.version))
    return TemplatesView(
        title="Templates",
        lines=tuple((each, href(each.name, each.version)) for each in found),
        may_write=may(visit.account, RIGHT),
    )


def template(visit: Visit) -> TemplateView:
    """Its fields, steps and sign-offs."""
    found = kept(visit)
    told = found.template
    step_of = {name: each.called for each in told.steps for name in each.fields}
    versions = [each for each in visit.run(ListTemplates()) if each.name == found.name]
    fields = tuple(
        FieldLine(
            id=each.id,
            title=each.called,
            help=each.help,
            takes=_takes(each),
            required=each.required,
            step=step_of.get(each.id, ""),
            condition=_condition(each),
            editors=_people(each.editors),
        )
        for each in told.fields
    )
    called = {each.id: each.title for each in fields}
    return TemplateView(
        title=found.title or found.name,
        crumbs=(ABOVE,),
        template=found,
        fields=fields,
        steps=tuple(
            StepLine(
                id=each.id,
                title=each.called,
                help=each.help,
                optional=each.optional,
                fields=tuple(called.get(name, name) for name in each.fields),
                condition=_condition(each),
                **_signoff(each.signoff),
            )
            for each in told.steps
        ),
        views=tuple(_views(told, called)),
        editors=_people(told.editors),
        versions=tuple(
            (each, href(each.name, each.version))
            for each in sorted(versions, key=lambda one: -one.version)
        ),
        text=written(told),
        here=address(ONE, name=found.name),
        may_write=may(visit.account, RIGHT),
    )


def text(visit: Visit) -> TextView:
    """What is wrong with a text, line by line; nothing is kept."""
    given, problem, found = visit.asked("text"), "", None
    if given:
        try:
            found = visit.run(WriteTemplate(text=given, dry_run=True))
        except errors.ModelyardError as exc:
            problem = exc.detail
    return TextView(
        title="Write a template",
        crumbs=(ABOVE,),
        text=given or _first(visit),
        draft=bool(visit.asked("draft")),
        problem=problem,
        found=found,
    )


def words(condition: Mapping[str, Any]) -> str:
    """A condition for people."""
    for name, join in (("all_of", " and "), ("any_of", " or "), ("none_of", " or ")):
        if name in condition:
            inside = join.join(words(each) for each in condition[name])
            return f"not ({inside})" if name == "none_of" else inside
    if "step" in condition:
        return f"the step {condition['step']} is {_lower(condition['status'])}"
    if "signoff" in condition:
        return f"the sign-off of {condition['signoff']} is {_lower(condition['status'])}"
    tests = {
        "equals": "is {}",
        "one_of": "is one of {}",
        "above": "is above {}",
        "below": "is below {}",
        "given": "is given",
    }
    if condition.get("given") is False:
        tests["given"] = "is not given"
    said = [
        test.format(", ".join(map(str, value)) if isinstance(value, list | tuple) else value)
        for name, test in tests.items()
        if (value := condition.get(name)) is not None
    ]
    subject = condition.get("field") or next(iter(condition.values()))
    return f"{subject} {' and '.join(said)}"


def _views(told: Template, called: Mapping[str, str]) -> Iterator[ViewLine]:
    """How items are laid out, each view with the parts inside it."""
    steps = {each.id: each.called for each in told.steps}
    for view in told.views:
        where = f"the step {steps[view.step]}" if view.step else "above all steps"
        first, *inside = _laid_out(view, called, 0)
        named = first.title or label_of(view.id)
        yield first.model_copy(update={"title": named, "layout": f"{first.layout}, {where}"})
        yield from inside


def _laid_out(part: Container, called: Mapping[str, str], depth: int) -> Iterator[ViewLine]:
    sides = f"Card with {part.columns} columns" if part.columns > 1 else "Card"
    yield ViewLine(
        title=part.title,
        depth=depth,
        layout="Table" if part.layout == "table" else sides,
        holds=tuple(called.get(each, each) for each in part.parts if isinstance(each, str)),
        condition=_condition(part),
    )
    for each in part.parts:
        if isinstance(each, Container):
            yield from _laid_out(each, called, depth + 1)


def _takes(field: Any) -> str:
    """Which values a field takes."""
    if field.type == "category":
        one = f"one of {', '.join(map(str, field.options))}"
    else:
        one = field.spoken.partition(":")[0] if field.type == "file" else field.spoken
    return f"several, each {one}" if field.several else one


def _condition(thing: Any) -> str:
    found = thing.visible_if
    return "" if found is None else words(found.model_dump(exclude_none=True))


def _lower(status: str) -> str:
    return status.lower().replace("_", " ")


def _people(people: People) -> str:
    return ", ".join([*(f"the group {each}" for each in people.groups), *people.users])


def _signoff(plan: SignoffPlan | None) -> dict[str, Any]:
    if plan is None:
        return {"asked": (), "approvers": "", "rules": ()}
    rules = []
    if plan.recurring is not None:
        rules.append(f"begins anew after {plan.recurring.every} {plan.recurring.unit}")
    if not plan.mandatory:
        rules.append("later steps do not wait for it")
    if plan.requester_may_approve:
        rules.append("who asks may decide")
    if plan.delegation != "everybody":
        rules.append(f"{plan.delegation} may have others do it")
    asked = tuple(
        f"{each.called}: {_people(each)}" + (", needed" if each.required else "")
        for each in plan.feedback
    )
    return {"asked": asked, "approvers": _people(plan.approvers), "rules": tuple(rules)}


def version_of(visit: Visit) -> int | None:
    """The version that the address names."""
    asked = visit.asked("version")
    return int(asked[:7]) or None if asked.isdecimal() else None


def kept(visit: Visit) -> KeptTemplate:
    """The template of the address; without a version the newest that is active."""
    name, version = visit.path["name"], version_of(visit)
    if version is None:
        there = [each for each in visit.run(ListTemplates()) if each.name == name]
        active = [each.version for each in there if each.state == "active"]
        version = max(active or [each.version for each in there], default=None)
    return visit.run(ShowTemplate(name=name, version=version))


def _first(visit: Visit) -> str:
    """What a new one begins with: the next version of another, where one is named."""
    name, version = visit.asked("of"), version_of(visit)
    if not name:
        return STARTER
    told = visit.run(ShowTemplate(name=name, version=version)).template
    there = [each.version for each in visit.run(ListTemplates()) if each.name == name]
    is_draft = visit.asked("anew") == "yes"
    version = told.version if is_draft else max(there) + 1
    return written(told.model_copy(update={"version": version}))


def _export(visit: Visit, path: str) -> ExportTemplate:
    name, version = visit.path["name"], version_of(visit)
    return ExportTemplate(name=name, version=version, output=path)


PAGES: tuple[Page | Download, ...] = (
    Page(ALL, templates, "templates.html"),
    Page(ONE, template, "template.html"),
    Page(TEXT, text, "template_text.html", asks=True),
    Download(f"{ONE}/file", _export, lambda visit: f"{visit.path['name']}.yaml"),
)
