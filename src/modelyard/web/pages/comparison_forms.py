"""The forms of comparisons: a new one, items that come and go, how they are called and drawn."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import urlencode

from pydantic import BaseModel, Field

from modelyard.evaluations.commands import ListEvaluations
from modelyard.evaluations.comparing.commands import (
    AddItems,
    CreateComparison,
    DeleteComparison,
    ListComparisons,
    RemoveItems,
    ShowComparison,
    UpdateComparison,
)
from modelyard.evaluations.comparing.types import Colour, ComparisonSummary, ShownComparison
from modelyard.models.commands import ListModels, ListVersions
from modelyard.web.pages.comparison_views import ALL, ONE, crumbs, href
from modelyard.web.pages.form import Asked, Choices, Draft, Form, Words
from modelyard.web.pages.page import Crumb, Elsewhere, Page, View, Visit, address

NEW = "/projects/{project}/new-comparison"
MOST_MODELS, MOST_OF_EACH = 20, 20
"""What is offered to be chosen; anything else can be typed in code."""
FEW = 8
"""Comparisons that what was checked is offered to be added to."""
COLOURS: dict[Colour, str] = {
    "champion": "Copper",
    "challenger-1": "Teal",
    "challenger-2": "Pink",
    "challenger-3": "Olive",
    "model": "Blue",
    "current": "Purple",
    "ink": "Ink",
    "reference": "Grey",
}


class ConfiguredItem(BaseModel):
    """How an item is called and drawn; `called` and `drawn` are how it was."""

    key: str
    called: str = ""
    drawn: str = ""
    name: str = Field(default="", max_length=200)
    colour: str = ""
    place: int = 1
    hidden: bool = False


class Configured(BaseModel):
    """What of a comparison can be changed on its page."""

    rename: str = Field(default="", max_length=127)
    description: str = Field(default="", max_length=500)
    champion: str = ""
    items: list[ConfiguredItem] = []
    reset_colours: bool = Field(default=False, description="")


class ComparedView(View):
    """What was checked, and the comparisons that it could be added to."""

    items: tuple[str, ...]
    new: str
    """The address of the form of a new comparison of them."""
    comparisons: tuple[ComparisonSummary, ...]


def _changes(values: Mapping[str, Any]) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """What the command takes for what was typed."""
    items = [
        ConfiguredItem.model_validate(each)
        for each in values.get("items", ())
        if str(each.get("place", 1)).lstrip("-").isdecimal() and each.get("key")
    ]
    ordered = sorted(items, key=lambda each: each.place)
    given = {
        "order": [each.key for each in ordered],
        "hide": [each.key for each in items if each.hidden],
        "unhide": [each.key for each in items if not each.hidden],
        "call": {each.key: each.name for each in items if each.name != each.called},
        "colour": {
            each.key: each.colour for each in items if each.colour and each.colour != each.drawn
        },
        "rename": values.get("rename"),
        "champion": values.get("champion") or None,
        "description": values.get("description") or "",
        "reset_colours": bool(values.get("reset_colours")),
    }
    return given, []


def _configured(visit: Visit) -> Draft:
    found = _shown(visit)
    items = [
        ConfiguredItem(
            key=each.key,
            called=each.name,
            drawn=each.role,
            name=each.name,
            colour=each.role,
            place=place,
            hidden=each.hidden,
        ).model_dump()
        for place, each in enumerate(found.items, 1)
    ]
    return Draft(
        crumbs=_above(found),
        values={
            "rename": found.name,
            "description": found.description,
            "champion": found.champion or "",
            "items": items,
        },
        choices={
            "champion": [(each.key, each.name) for each in found.items],
            "items.colour": list(COLOURS.items()),
        },
        seen=found,
    )


def _shown(visit: Visit) -> ShownComparison:
    return visit.run(ShowComparison(project=visit.path["project"], name=visit.path["comparison"]))


def _above(found: ShownComparison) -> tuple[Crumb, ...]:
    here = Crumb(label=found.name, href=href(found.project, found.name))
    return (*crumbs(found.project), here)


def _new(visit: Visit) -> Draft:
    """With what was checked in a list."""
    key = visit.path["project"]
    chosen = visit.every("items")
    return Draft(
        crumbs=crumbs(key),
        values={"items": list(chosen)} if chosen else {},
        choices={"items": _choices(visit, chosen)},
    )


def _choices(
    visit: Visit, chosen: Collection[str], beside: ShownComparison | None = None
) -> Choices:
    """What was chosen, then versions and evaluations, the newest of each first.

    Of a comparison those that predict the same, and that are not in it yet.
    """
    without = set() if beside is None else {each.key for each in beside.items}
    kinds = None if beside is None else (beside.prediction_type, "other")
    key = visit.path["project"]
    found: dict[str, str] = {each: each for each in chosen}
    models = visit.part(ListModels(project=key, limit=MOST_MODELS, sort="changed"))
    for model in models:
        if kinds and model.prediction_type not in kinds:
            continue
        versions = visit.part(ListVersions(project=key, model=model.name, limit=MOST_OF_EACH))
        for each in versions:
            active = ", active" if each.active else ""
            found[f"{model.name}:{each.version}"] = f"{model.name} {each.version}{active}"
    evaluations = visit.part(ListEvaluations(project=key, limit=2 * MOST_OF_EACH))
    for one in evaluations:
        if kinds and one.prediction_type not in kinds:
            continue
        of = " ".join(filter(None, (one.model, one.version))) or one.name
        on = f" on {one.dataset}" if one.dataset else ""
        found[one.id] = f"{of}{on}, {one.name}" if of != one.name else one.name
    return [(word, label) for word, label in found.items() if word not in without]


def _added(visit: Visit) -> Draft:
    found = _shown(visit)
    chosen = visit.every("items")
    return Draft(
        crumbs=_above(found),
        values={"items": list(chosen)} if chosen else {},
        choices={"items": _choices(visit, chosen, found)},
        title=f"Add to {found.name}",
    )


def _removed(visit: Visit) -> Draft:
    found = _shown(visit)
    return Draft(
        crumbs=_above(found),
        choices={"items": [(each.key, each.name) for each in found.items]},
    )


def _deleted(visit: Visit) -> Draft:
    found = _shown(visit)
    return Draft(crumbs=_above(found), title=f"Delete {found.name}")


def _onward(visit: Visit, made: Any) -> str:
    return href(visit.path["project"], made.name)


def compare(visit: Visit) -> ComparedView:
    """What was checked in a list: for a new comparison, or for one that exists."""
    key, items = visit.path["project"], visit.every("items")
    new = f"{address(NEW, project=key)}?{urlencode([('items', each) for each in items])}"
    found = visit.part(ListComparisons(project=key, limit=FEW))
    if not found or not items:
        raise Elsewhere(new)
    return ComparedView(
        title="Compare", crumbs=crumbs(key), items=items, new=new, comparisons=tuple(found)
    )


ITEMS = Words(
    label="Versions and evaluations",
    help="All of one prediction type. A version stands for its own evaluation: the first one of it "
    "that is in no store.",
)
NAMED = {"name": "comparison"}
PAGES: tuple[Page | Form, ...] = (
    Page("/projects/{project}/compare", compare, "compare.html", needs="evaluations:write"),
    Form(
        NEW,
        CreateComparison,
        "New comparison",
        "Compare",
        lambda _visit, made: href(made.project, made.name),
        intro="Versions and evaluations of one prediction type side by side: metrics with "
        "intervals, curves, and whether a difference is real.",
        fields=("name", "items", "description"),
        words={"name": Words(placeholder="autumn", mono=True), "items": ITEMS},
        prepare=_new,
    ),
    Form(
        f"{ONE}/add",
        AddItems,
        "Add to comparison",
        "Add",
        _onward,
        fields=("items",),
        words={"items": ITEMS},
        taken=NAMED,
        prepare=_added,
    ),
    Form(
        f"{ONE}/remove",
        RemoveItems,
        "Remove from comparison",
        "Remove",
        lambda visit, made: f"{_onward(visit, made)}/configure",
        intro="Versions and evaluations stay as they are.",
        said="Removed; what it stood for is as it was.",
        fields=("items",),
        words={"items": Words(label="Items", help="")},
        taken=NAMED,
        prepare=_removed,
    ),
    Form(
        f"{ONE}/configure",
        UpdateComparison,
        "Configure comparison",
        "Save",
        _onward,
        said="The comparison is saved.",
        fields=("rename", "description", "champion", "items", "reset_colours"),
        words={
            "rename": Words(label="Name", needed=True, mono=True),
            "champion": Words(label="Champion", help="The others are told beside it",
                              placeholder="None: the first item"),
            **{f"items.{name}": Words(kind="hidden") for name in ("key", "called", "drawn")},
            "items.colour": Words(label="Colour", kind="choice"),
            "reset_colours": Words(label="Reset colours", help="To those they had at first"),
        },
        taken=NAMED,
        prepare=_configured,
        asked=Asked(Configured, _changes),
        template="comparison_configure.html",
    ),
    Form(
        f"{ONE}/delete",
        DeleteComparison,
        "Delete comparison",
        "Delete comparison",
        lambda visit, _made: address(ALL, project=visit.path["project"]),
        intro="Versions and evaluations stay as they are. This cannot be undone.",
        said="The comparison is deleted.",
        taken=NAMED,
        prepare=_deleted,
        dangerous=True,
    ),
)  # fmt: skip
