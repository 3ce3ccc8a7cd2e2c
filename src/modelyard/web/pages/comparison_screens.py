"""The pages of a comparison that show one thing of all: screens, slices, models; and charts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

from modelyard import errors
from modelyard.analysis.names import OF_DRIFT
from modelyard.evaluations.comparing.chart_commands import (
    DrawComparison,
    ExportComparison,
    TabulateComparison,
)
from modelyard.evaluations.comparing.chart_types import (
    ABOUT_PARTS,
    OF_ONE_CLASS,
    PARTS,
    SCREENS,
    TITLES,
)
from modelyard.evaluations.comparing.commands import (
    CompareInformation,
    CompareSlices,
)
from modelyard.evaluations.comparing.picking import foremost
from modelyard.evaluations.comparing.types import (
    ComparedInformation,
    ComparedSlices,
    ShownItem,
)
from modelyard.web.pages.charted import documents
from modelyard.web.pages.comparison_views import (
    INFORMATION,
    ONE,
    SCREEN,
    SLICES,
    ComparisonView,
    about,
    columns_of,
    within,
)
from modelyard.web.pages.evaluation import NumbersView, numbers
from modelyard.web.pages.formats import sentence
from modelyard.web.pages.page import (
    Document,
    Download,
    Page,
    Visit,
)
from modelyard.web.pages.workbench import typed_number

PART_OF = f"{ONE}/parts/{{part}}"


class SlicesView(ComparisonView):
    """A metric by the groups of a column: where an item wins and loses."""

    columns: tuple[str, ...]
    """Those that can be chosen; there may be others."""
    by: str
    metric: str
    item: ShownItem | None
    found: ComparedSlices | None
    problem: str
    """Why there is nothing to be told."""
    chart: str
    """What the addresses of its chart and numbers end with."""


class InformationView(ComparisonView):
    """What is known of the models, side by side."""

    found: ComparedInformation
    only: bool
    """Whether rows that do not differ are left out."""


class ScreenView(ComparisonView):
    """A screen of all, over each other."""

    name: str
    about: str
    numbers: NumbersView
    labels: tuple[str, ...]
    """The classes of which one can be looked at."""
    label: str
    usual: str
    """The class that is looked at if none is chosen; empty: the mean of all."""
    metrics: tuple[str, ...]
    """Codes of those that can be chosen."""
    metric: str
    chart: str
    """What the addresses of its chart and numbers end with."""


def screen(visit: Visit) -> ScreenView:
    """One screen: how to read it, its chart, its numbers."""
    view, name = about(visit), visit.path["screen"]
    if name not in (*SCREENS, "importances"):
        raise errors.NotFound.among("screen", name, (*SCREENS, "importances"))
    chosen = {word: visit.asked(word) for word in ("label", "metric") if visit.asked(word)}
    table = visit.run(TabulateComparison(**_part(visit, name)))
    labels: tuple[str, ...] = ()
    if "class" in table.columns:
        at = table.columns.index("class")
        labels = tuple(dict.fromkeys(str(row[at]) for row in table.rows))
        labels = tuple(each for each in labels if not each.endswith(" average"))
    usual = labels[0] if labels and name in OF_ONE_CLASS else ""
    return ScreenView(
        **within(view, TITLES[name]),
        name=name,
        about=ABOUT_PARTS.get(name, ""),
        numbers=numbers(table),
        labels=labels,
        label=chosen.get("label", ""),
        usual=usual,
        metrics=("f1", "precision", "recall", "accuracy", "mcc") if name == "decision" else (),
        metric=chosen.get("metric", "f1") if name == "decision" else "",
        chart=urlencode(
            {**dict(parse_qsl(view.query)), **({"label": usual} if usual else {}), **chosen}
        ),
    )


def slices(visit: Visit) -> SlicesView:
    """A metric of all by the groups of a column."""
    view = about(visit)
    found = view.comparison
    columns = columns_of(visit, found)
    by = visit.asked("by") or next(iter(columns), "")
    codes = [code for code in found.codes if code not in OF_DRIFT]
    metric = visit.one_of("metric", tuple(codes))
    keys = tuple(each.key for each in found.challenges)
    item = visit.one_of("item", keys) or foremost(found)
    told, problem = None, ""
    if by:
        try:
            told = visit.run(
                CompareSlices(
                    project=found.project,
                    name=found.name,
                    by=by,
                    metric=metric,
                    threshold=found.threshold,
                )
            )
        except (errors.Invalid, errors.NotFound, errors.Unsupported) as exc:
            problem = sentence(str(exc))
    asked = {"by": by, "metric": told.metric if told else "", "item": item or ""}
    asked = {name: word for name, word in asked.items() if word}
    return SlicesView(
        **within(view, "Slices"),
        columns=columns,
        by=by,
        metric=told.metric if told else "",
        item=next((each for each in found.items if each.key == item), None),
        found=told,
        problem=problem,
        chart=urlencode({**dict(parse_qsl(view.query)), **asked}),
    )


def information(visit: Visit) -> InformationView:
    """What is known of the models."""
    view = about(visit)
    found = view.comparison
    asked = CompareInformation(project=found.project, name=found.name)
    return InformationView(
        **within(view, "Model information"),
        found=visit.run(asked),
        only=visit.asked("only") == "differing",
    )


def _part(visit: Visit, part: str = "") -> dict[str, Any]:
    """The part of the address, as commands name it.

    Raises:
        NotFound: a comparison has no such part.
    """
    path = visit.path
    part = part or path["part"]
    if part not in PARTS:
        raise errors.NotFound.among("part", part, PARTS)
    threshold, _ = typed_number(visit.asked("threshold"), least=0, most=1)
    given: Mapping[str, Any] = {
        **{name: visit.asked(name) or None for name in ("metric", "label")},
        "threshold": threshold,
        "item": visit.asked("item") or None if part in ("differences", "slices") else None,
        "by": visit.asked("by") if part == "slices" else None,
    }
    return {
        "project": path["project"],
        "name": path["comparison"],
        "part": part,
        "intervals": visit.asked("intervals") != "off",
        **{name: value for name, value in given.items() if value is not None},
    }


def _name_of(visit: Visit) -> str:
    return f"{visit.path['comparison']}-{visit.path['part']}"


PAGES: tuple[Page | Document | Download, ...] = (
    Page(SCREEN, screen, "comparison_screen.html"),
    Page(SLICES, slices, "comparison_slices.html"),
    Page(INFORMATION, information, "comparison_information.html"),
    *documents(
        PART_OF,
        _part,
        _name_of,
        chart=DrawComparison,
        table=TabulateComparison,
        export=ExportComparison,
    ),
)
