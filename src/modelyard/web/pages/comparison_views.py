"""What all pages about one comparison share: its head, its navigation, how charts are drawn."""

from __future__ import annotations

import hashlib
from typing import Any
from urllib.parse import urlencode

from modelyard.evaluations.commands import ShowEvaluation
from modelyard.evaluations.comparing.chart_types import SCREENS, TITLES
from modelyard.evaluations.comparing.commands import (
    ShowComparison,
)
from modelyard.evaluations.comparing.types import (
    ShownComparison,
    ShownItem,
)
from modelyard.kernel.values import Value
from modelyard.web.pages.page import (
    Crumb,
    View,
    Visit,
    address,
)
from modelyard.web.pages.projects import crumb as project_crumb
from modelyard.web.pages.workbench import typed_number

ALL = "/projects/{project}/comparisons"
ONE = f"{ALL}/{{comparison}}"
METRICS = f"{ONE}/metrics"
SCREEN = f"{ONE}/screens/{{screen}}"
SLICES = f"{ONE}/slices"
INFORMATION = f"{ONE}/information"
MOST_COLUMNS = 200
SECONDS = 1.5
"""For which a page compares what was not compared before; it renews itself until all is."""


class Link(Value):
    """A page about a comparison, as its navigation shows it."""

    label: str
    href: str


class ComparisonView(View):
    """What all pages about one comparison show."""

    comparison: ShownComparison
    parts: tuple[tuple[str, tuple[Link, ...]], ...]
    """The navigation: links under headings."""
    shown: tuple[ShownItem, ...]
    """Those that are not hidden."""
    query: str
    """What decides how charts are drawn, at the end of their addresses."""
    intervals: bool
    better: ShownItem | None
    """The version that is offered to become active, since it is better; none: there is none."""
    promoted: tuple[ShownItem, ...]
    """The other versions that could become active, those first that may be no worse."""
    may_write: bool
    may_activate: bool


def href(project: str, comparison: str) -> str:
    """The address of a comparison."""
    return address(ONE, project=project, comparison=comparison)


def crumbs(project: str) -> tuple[Crumb, ...]:
    """The comparisons of a project above a page."""
    above = Crumb(label="Comparisons", href=address(ALL, project=project))
    return (project_crumb(project), above)


def about(visit: Visit) -> ComparisonView:
    """The comparison of the address, with what pages about it share."""
    key, name = visit.path["project"], visit.path["comparison"]
    threshold, _ = typed_number(visit.asked("threshold"), least=0, most=1)
    asked = ShowComparison(project=key, name=name, threshold=threshold, seconds=SECONDS)
    found = visit.run(asked)
    better, promoted = (None, ()) if found.waiting else _promoted(found)
    return ComparisonView(
        title=name,
        crumbs=crumbs(key),
        comparison=found,
        parts=_parts(visit, found),
        shown=tuple(each for each in found.items if not each.hidden),
        query=urlencode({**_drawn_by(visit), "of": _mark(found)}),
        intervals=visit.asked("intervals") != "off",
        better=better,
        promoted=promoted,
        may_write=visit.may("evaluations:write"),
        may_activate=visit.may("models:write"),
    )


def within(view: ComparisonView, title: str) -> dict[str, Any]:
    """The fields of a page below the comparison's own."""
    found = view.comparison
    here = Crumb(label=found.name, href=href(found.project, found.name))
    return {**dict(view), "title": title, "crumbs": (*view.crumbs, here)}


def columns_of(visit: Visit, found: ShownComparison) -> tuple[str, ...]:
    """Columns that rows can be put in groups by: those that the model takes."""
    first = next((each for each in found.items if each.key == found.against), None)
    if first is None or first.evaluation is None or first.kind == "custom":
        return ()
    evaluation = visit.run(ShowEvaluation(project=found.project, id=first.evaluation))
    return evaluation.features[:MOST_COLUMNS] if evaluation.sample else ()


def _drawn_by(visit: Visit) -> dict[str, str]:
    """The words of the query that decide how charts of a comparison are drawn."""
    return {name: visit.asked(name) for name in ("intervals", "threshold") if visit.asked(name)}


def _mark(found: ShownComparison) -> str:
    """What changes with the comparison: browsers keep a chart by its address."""
    told = [(each.key, each.name, each.role, each.hidden, each.evaluation) for each in found.items]
    whole = repr((told, found.champion, found.threshold))
    return hashlib.sha256(whole.encode()).hexdigest()[:12]


def _parts(visit: Visit, found: ShownComparison) -> tuple[tuple[str, tuple[Link, ...]], ...]:
    named = {"project": found.project, "comparison": found.name}
    kept = _drawn_by(visit)
    query = f"?{urlencode(kept)}" if kept else ""
    there = {name for each in found.items if not each.hidden for name in each.screens}
    screens = tuple(
        Link(label=TITLES[name], href=address(SCREEN, **named, screen=name) + query)
        for name in SCREENS
        if name in there
    )
    overview = (
        Link(label="Summary", href=address(ONE, **named) + query),
        Link(label="Metrics", href=address(METRICS, **named) + query),
    )
    importances = Link(
        label=TITLES["importances"], href=address(SCREEN, **named, screen="importances") + query
    )
    groups = (Link(label="Slices", href=address(SLICES, **named) + query),)
    facts = Link(label="Model information", href=address(INFORMATION, **named) + query)
    shown = (
        ("Overview", overview),
        ("Performance", screens),
        ("Rows and groups", groups),
        ("Models", (importances, facts)),
    )
    return tuple((label, links) for label, links in shown if links)


def _promoted(found: ShownComparison) -> tuple[ShownItem | None, tuple[ShownItem, ...]]:
    """The version that is better than the champion, and the others."""
    order = {"better": 0, "indistinguishable": 1, "unknown": 2, "worse": 3}
    verdicts = {each.key: order[each.verdict] for each in found.challenges}
    could = [
        each
        for each in found.items
        if ":" in each.key and each.gone is None and not each.active and each.key != found.champion
    ]
    could.sort(key=lambda each: verdicts.get(each.key, 2))
    if could and verdicts.get(could[0].key) == 0:
        return could[0], tuple(could[1:])
    return None, tuple(could)
