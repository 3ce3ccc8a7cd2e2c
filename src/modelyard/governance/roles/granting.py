"""By which rules somebody has a role, and on which items."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from sqlalchemy import ColumnElement, and_, func, true

from modelyard.governance.roles.asking import Items, holding, is_at, names
from modelyard.governance.roles.people import Person
from modelyard.governance.roles.types import GivenRole
from modelyard.governance.roles.values import FIELDS, saying, text_of
from modelyard.governance.templates.roles import ASKED, CONTRIBUTOR, READER, Given
from modelyard.governance.templates.types import Template
from modelyard.store.tables import item_values

ONGOING = "ONGOING"


@dataclass(frozen=True)
class Grant:
    """A role that somebody has on the items of which something holds."""

    role: str
    because: str
    on: Callable[[Items], ColumnElement[bool]]
    passes: bool = True
    """Whether it holds as well on items that have roles from these."""


def grants_of(
    person: Person, given: Iterable[GivenRole], templates: Iterable[Template]
) -> Iterator[Grant]:
    """Every rule that gives somebody a role, but for what follows from their projects."""
    for each in given:
        if is_to(each, person):
            because = f"given to {each.whom} (number {each.number})"
            yield Grant(each.role, because, partial(_meets, each))
    for template in templates:
        yield from _named(person, template)
        for role in template.roles:
            for at, to in enumerate(role.given, 1):
                because = f"roles of {template.name} {template.version}: {role.id}, given {at}"
                if person.is_given(to):
                    yield Grant(role.id, because, partial(_within, template, to))
                elif to.named_in is not None:
                    on = partial(_within, template, to, called=person.called)
                    yield Grant(role.id, f"{because}, as {to.named_in} names them", on)


def is_by(template: Template, items: Items) -> ColumnElement[bool]:
    """Whether an item is governed by a version of a template."""
    name = func.coalesce(items.c.template, "")
    return (name == template.name) & (items.c.template_version == template.version)


def _named(person: Person, template: Template) -> Iterator[Grant]:
    """What follows from being named where the template says who edits and who signs off."""
    told, on = f"{template.name} {template.version}", partial(is_by, template)
    if person.is_among(template.editors):
        yield Grant(CONTRIBUTOR, f"editors of {told}", on, passes=False)
    for field in template.fields:
        if person.is_among(field.editors):
            yield Grant(READER, f"editors of {field.id} in {told}", on, passes=False)
    for step in template.steps:
        plan = step.signoff
        if plan and any(map(person.is_among, (plan.approvers, *plan.feedback))):
            yield Grant(ASKED, f"asked about {step.id} by {told}", on, passes=False)


def is_to(given: GivenRole, person: Person) -> bool:
    """Whether a role was given to somebody."""
    if given.to == "group":
        return given.name in person.groups
    mine = {"user": person.name, "key": person.key, "everyone": given.name}
    return given.name == mine[given.to]


def _meets(given: GivenRole, items: Items) -> ColumnElement[bool]:
    of = items.c
    wanted = [
        (of.kind, given.kind),
        (of.project, given.project),
        (of.template, given.template),
        (of.template_version, given.version),
    ]
    tests = [column == value for column, value in wanted if value is not None]
    if given.step is not None:
        tests.append(is_at(given.step, ONGOING, items))
    for name, value in given.values.items():
        said = saying(FIELDS, name).where(item_values.c.text == text_of(value))
        tests.append(of.id.in_(said))
    return and_(true(), *tests, _is_gone(given, items))


def _within(
    template: Template, given: Given, items: Items, called: list[str] | None = None
) -> ColumnElement[bool]:
    tests = [is_by(template, items), _is_gone(given, items)]
    if given.only_if is not None:
        tests.append(holding(given.only_if, items))
    if called is not None and given.named_in is not None:
        tests.append(names(given.named_in, called, items))
    return and_(*tests)


def _is_gone(given: GivenRole | Given, items: Items) -> ColumnElement[bool]:
    if given.gone is None:
        return true()
    return items.c.gone.is_not(None) if given.gone else items.c.gone.is_(None)
