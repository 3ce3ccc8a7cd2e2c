"""The page of business items, or those of a kind: a table, a matrix, a board of their steps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import get_args

from modelyard.governance.items.commands import CreateItem
from modelyard.governance.items.ids import KINDS, OWN, Kind
from modelyard.governance.listing.commands import ListBusiness, ListViews
from modelyard.governance.listing.registry_types import BusinessItem
from modelyard.governance.listing.types import Display, SavedView, Theme
from modelyard.governance.templates.commands import ShowTemplate
from modelyard.governance.templates.fields import AnyField, CategoryField, NumberField
from modelyard.governance.templates.types import Template
from modelyard.kernel.values import Value
from modelyard.web.pages.form import Choices, Draft, Form, Words
from modelyard.web.pages.governance_words import (
    ABOVE,
    ALL,
    BUSINESS,
    KIND_CHOICES,
    ONE,
    called,
    item_href,
    may_decide,
)
from modelyard.web.pages.page import Page, View, Visit, address

MOST, MOST_VALUES = 500, 12
DISPLAYS: tuple[Display, ...] = get_args(Display)
ACROSS, UP = "risk", "value"
"""The fields of a matrix, unless others are chosen."""
BEFORE, AFTER = "Not begun", "Finished"


class Axis(Value):
    """A field that a matrix can be laid out by."""

    id: str
    title: str
    values: tuple[str, ...]


class Way(Value):
    """A step to which an item may be brought, and the form that does it."""

    lane: str
    href: str


class Card(Value):
    """A business item as the page shows it."""

    item: BusinessItem
    called: str
    href: str
    lane: str
    """The step that it is in; empty: its template has none."""
    across: str
    up: str
    ways: tuple[Way, ...]


class BusinessView(View):
    """Initiatives and governed projects, or governed items of another kind."""

    kind: Kind | None
    kinds: Choices
    cards: tuple[Card, ...]
    shown: Display
    axes: tuple[Axis, ...]
    across: Axis
    up: Axis
    lanes: tuple[str, ...]
    views: tuple[SavedView, ...]
    theme: Theme
    text: str
    filtered: bool
    more: bool
    may_create: bool


def business(visit: Visit) -> BusinessView:
    """All of them, by the fields and steps of their templates."""
    view = _view(visit)
    kind = visit.one_of("kind", KINDS) or (view.kind if view else None)
    found = visit.part(
        ListBusiness(
            kind=kind,
            search=visit.asked("search"),
            where=visit.asked("where") or None,
            view=view.name if view else None,
            limit=MOST,
        )
    )
    templates = _templates(visit, found)
    axes = _axes(templates.values(), found)
    across = _axis(axes, visit.asked("across") or (view and view.across) or ACROSS)
    up = _axis(axes, visit.asked("up") or (view and view.up) or UP)
    lanes = [BEFORE]
    for template in templates.values():
        lanes += [each.called for each in template.steps if each.called not in lanes]
    return BusinessView(
        title=view.name if view else "Business",
        crumbs=(ABOVE,),
        kind=kind,
        kinds=KIND_CHOICES,
        cards=tuple(_card(each, templates.get(_of(each)), across, up) for each in found),
        shown=visit.one_of("show", DISPLAYS) or (view.display if view else "table"),
        axes=axes,
        across=across,
        up=up,
        lanes=(*lanes, AFTER),
        views=tuple(each for each in visit.part(ListViews(limit=MOST)) if each.display != "table"),
        theme=view.theme if view else "plain",
        text=view.text if view else "",
        filtered=bool(visit.asked("search") or visit.asked("where") or view),
        more=found.next is not None,
        may_create=may_decide(visit, "") and (kind is None or kind in OWN),
    )


def _view(visit: Visit) -> SavedView | None:
    name = visit.asked("view")
    found = visit.part(ListViews(limit=MOST)) if name else ()
    return next((each for each in found if each.name == name), None)


def _of(item: BusinessItem) -> tuple[str, int]:
    return item.template or "", item.template_version or 0


def _templates(visit: Visit, found: Iterable[BusinessItem]) -> dict[tuple[str, int], Template]:
    """The templates by which items are governed."""
    known = sorted({_of(each) for each in found if each.template})
    return {
        (name, version): visit.run(ShowTemplate(name=name, version=version)).template
        for name, version in known
    }


def _axes(templates: Iterable[Template], found: Sequence[BusinessItem]) -> tuple[Axis, ...]:
    """Fields with few values: numbers, and one of some words."""
    axes: dict[str, Axis] = {}
    for field in (field for template in templates for field in template.fields):
        said = {each.fields[field.id] for each in found if _is_plain(each.fields.get(field.id))}
        values = _values(field, said)
        if values is not None and not field.several and field.id not in axes:
            axes[field.id] = Axis(id=field.id, title=field.called, values=values)
    return tuple(axes.values())


def _is_plain(value: object) -> bool:
    return isinstance(value, str | int | float)


def _values(field: AnyField, said: Iterable[object]) -> tuple[str, ...] | None:
    """The values along an axis; None: the field makes none."""
    if isinstance(field, CategoryField):
        return tuple(field.options)
    if not isinstance(field, NumberField):
        return None
    least, most = field.least, field.most
    if field.whole and least is not None and most is not None and most - least < MOST_VALUES:
        return tuple(f"{each}" for each in range(int(least), int(most) + 1))
    numbers = sorted({each for each in said if isinstance(each, int | float)})
    return tuple(f"{each:g}" for each in numbers[:MOST_VALUES])


def _axis(axes: Sequence[Axis], wanted: str) -> Axis:
    chosen = next((each for each in axes if each.id == wanted), None)
    return chosen or Axis(id=wanted, title=wanted.capitalize(), values=())


def _card(item: BusinessItem, template: Template | None, across: Axis, up: Axis) -> Card:
    steps = template.steps if template else ()
    ongoing = next((each for each in steps if item.steps.get(each.id) == "ONGOING"), None)
    lane = ""
    if steps:
        lane = ongoing.called if ongoing else AFTER if item.status else BEFORE
    named = [(each.called, _enter(item.id, each.id)) for each in steps if each is not ongoing]
    if ongoing is not None and ongoing is steps[-1]:
        named.append((AFTER, address(f"{ONE}/advance", item=item.id)))
    return Card(
        item=item,
        called=called(item.id),
        href=item_href(item.id),
        lane=lane,
        across=_said(item, across),
        up=_said(item, up),
        ways=tuple(Way(lane=name, href=href) for name, href in named) if item.may_fill else (),
    )


def _enter(item: str, step: str) -> str:
    return address(f"{ONE}/steps/{{step}}/enter", item=item, step=step)


def _said(item: BusinessItem, axis: Axis) -> str:
    value = item.fields.get(axis.id)
    if isinstance(value, bool) or value is None:
        return ""
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def _new(visit: Visit) -> Draft:
    kind = "initiative" if visit.asked("kind") == "initiative" else "project"
    found = visit.part(ListBusiness(limit=MOST))
    return Draft(
        crumbs=(ABOVE, CRUMB),
        title="New initiative" if kind == "initiative" else "New governed project",
        choices={
            "kind": [("initiative", "Initiative"), ("project", "Governed project")],
            "under": [(each.id, each.id) for each in found],
        },
        proposed={"kind": kind},
    )


CRUMB = ABOVE.model_copy(update={"label": "Business", "href": BUSINESS})
PAGES: tuple[Page | Form, ...] = (
    Page(BUSINESS, business, "governance_business.html"),
    Form(
        f"{ALL}/new-business",
        CreateItem,
        "New business item",
        "Create",
        lambda _visit, made: item_href(made.id),
        intro="What people make here, and place projects under; it is governed from its beginning.",
        said=lambda made: f"{made.name} is made.",
        fields=("kind", "name", "description", "under", "template"),
        words={
            "kind": Words(label="What it is", help="", kind="segments"),
            "name": Words(label="Name", placeholder="punctuality", mono=True),
            "description": Words(label="About it", help=""),
            "under": Words(label="Belongs to", help="", kind="choice"),
            "template": Words(
                label="Template", help="Left blank, the standard one", mono=True, later=True
            ),
        },
        prepare=_new,
    ),
)
