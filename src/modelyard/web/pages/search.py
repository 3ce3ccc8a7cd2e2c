"""The page that searches everything."""

from __future__ import annotations

from typing import get_args

from modelyard.kernel.values import Value
from modelyard.search.commands import LONGEST, FindThings
from modelyard.search.types import Found, Kind
from modelyard.web.pages.page import Page, View, Visit, address
from modelyard.web.pages.plain_words import known

FEW, MANY = 10, 200
"""How many of each kind are shown, and how many where one kind is asked for."""
PLACES: dict[Kind, str] = {
    "project": "/projects/{name}",
    "saved model": "/projects/{project}/models/{name}",
    "version": "/projects/{project}/models/{model}/versions/{name}",
    "evaluation": "/projects/{project}/evaluations/{name}",
    "evaluation store": "/projects/{project}/stores/{name}",
    "comparison": "/projects/{project}/comparisons/{name}",
    "dataset": "/projects/{project}/datasets/{name}",
    "connection": "/projects/{project}/connections/{name}",
    "recipe": "/projects/{project}/recipes/{name}",
    "service": "/projects/{project}/services/{name}",
    "bundle": "/projects/{project}/bundles/{name}",
    "deployment": "/projects/{project}/deployments/{name}",
    "infrastructure": "/infrastructures/{name}",
    "scenario": "/projects/{project}/scenarios/{name}",
    "check": "/projects/{project}/stores/{store}/checks/{name}",
    "alert": "/projects/{project}/alerts/{name}",
    "job": "/jobs/{name}",
    "code env": "/envs/{name}",
    "user": "/users/{name}",
    "group": "/groups/{name}",
}
"""The page of each thing, by its kind."""
IN_ADDRESSES = ("name", "project", "model", "store")


class FoundLine(Value):
    """Something that fits, as the list shows it."""

    kind: Kind
    name: str
    """A version's after that of its saved model; of a job or an evaluation what it is about, since
    its name is an id."""
    href: str
    about: str
    project: str | None


class SearchView(View):
    """What fits the text that is searched for."""

    text: str
    kind: Kind | None
    """The kind that alone is shown."""
    found: tuple[FoundLine, ...]
    more: tuple[Kind, ...]
    """The kinds of which more may fit."""


def search(visit: Visit) -> SearchView:
    """Ask for it; of each kind a few, or many of one."""
    text = visit.asked("q").strip()[:LONGEST]
    kind = visit.one_of("kind", get_args(Kind))
    most = FEW if kind is None else MANY
    found = visit.run(FindThings(words=text, kind=kind, limit=most)) if text else []
    kinds = [each.kind for each in found]
    return SearchView(
        title="Search",
        text=text,
        kind=kind,
        found=tuple(map(_line, found)),
        more=tuple(each for each in dict.fromkeys(kinds) if kinds.count(each) == most),
    )


def _line(found: Found) -> FoundLine:
    names = {field: value or "" for field, value in found if field in IN_ADDRESSES}
    name, about = found.name, found.about
    if found.kind in {"job", "evaluation"}:
        name, about = known(about), name
    elif found.model:
        name = f"{found.model} {name}"
    return FoundLine(
        kind=found.kind,
        name=name,
        href=address(PLACES[found.kind], **names),
        about=about,
        project=found.project,
    )


PAGES = (Page("/search", search, "search.html"),)
