"""The pages of comparisons: those of a project, and all about one."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, get_args
from urllib.parse import parse_qsl, urlencode

from modelyard import errors
from modelyard.analysis.charts.types import Mode
from modelyard.analysis.charts.words import ABOUT
from modelyard.analysis.names import HEADLINES, LOWER_IS_BETTER, OF_DRIFT
from modelyard.evaluations.charting.types import ScreenFormat
from modelyard.evaluations.comparing.chart_commands import (
    DrawComparison,
    ExportComparison,
    TabulateComparison,
)
from modelyard.evaluations.comparing.chart_types import PARTS, TITLES, ComparisonPart
from modelyard.evaluations.comparing.commands import ListComparisons, ShowComparison
from modelyard.evaluations.comparing.types import (
    Challenge,
    ComparisonSummary,
    ShownComparison,
    ShownItem,
)
from modelyard.kernel.values import Value
from modelyard.runtime.types import PredictionType
from modelyard.web.pages.evaluation import NumbersView, numbers
from modelyard.web.pages.page import (
    Crumb,
    Document,
    Download,
    ListView,
    Nav,
    Page,
    View,
    Visit,
    address,
    place_in_list,
)
from modelyard.web.pages.projects import crumb as project_crumb
from modelyard.web.pages.workbench import typed_number

ALL = "/projects/{project}/comparisons"
ONE = f"{ALL}/{{comparison}}"
METRICS = f"{ONE}/metrics"
SCREEN = f"{ONE}/screens/{{screen}}"
PART_OF = f"{ONE}/parts/{{part}}"
MODES: tuple[Mode, ...] = get_args(Mode)
FORMATS: tuple[ScreenFormat, ...] = get_args(ScreenFormat)
PART, COUNTED = 50, 100
SHOWN_METRICS = 6
"""Metrics that have a column on the summary."""
COLUMNS: dict[PredictionType, tuple[str, ...]] = {
    "binary_classification": (
        *("auc", "averagePrecision", "f1", "recall", "precision", "calibrationLoss"),
    ),
    "multiclass": ("mrocAUC", "accuracy", "f1", "recall", "precision", "logLoss"),
    "regression": ("r2", "rmse", "mae", "mape", "pearson", "explainedVariance"),
}
"""Those that stand first, by their codes."""
SHOWN_ITEMS = 40
"""Items that have a line in a table, unless all are asked for."""
SCREENS: tuple[ComparisonPart, ...] = (
    *("roc", "precision-recall", "gain", "lift", "decision", "calibration", "density"),
    *("points", "errors"),
)
FIRST_SCREEN: dict[PredictionType, ComparisonPart] = {
    "binary_classification": "roc",
    "multiclass": "roc",
    "regression": "errors",
}
ABOUT_PARTS = {
    **ABOUT,
    "decision": "A metric at every threshold, a line for each. A flat top means that the threshold "
    "may be moved for other reasons.",
    "density": "How predicted probabilities are spread: those of the positive class above the "
    "axis, those of the other one below it. The less the two overlap, the better they are told "
    "apart.",
    "errors": "How often a prediction is off by how much, a line for each. The narrower around "
    "zero, the better.",
    "importances": "What each takes from which column, those first that weigh most anywhere.",
}
"""How a screen of several is read."""


class ComparisonsView(ListView):
    """A part of a project's comparisons."""

    project: str
    comparisons: tuple[ComparisonSummary, ...]
    may_write: bool


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
    promoted: tuple[ShownItem, ...]
    """Versions that could become active, those that are better than the champion first."""
    may_write: bool
    may_activate: bool


class MetricsTable(Value):
    """Metrics of all, in columns."""

    codes: tuple[str, ...]
    best: dict[str, str]
    """By the code of a metric the key of the item that is best, where that is no chance."""


class SummaryView(ComparisonView):
    """Whether differences are real, and the charts that say most."""

    table: MetricsTable
    left: int
    """Items that have no line in the table."""
    challenges: tuple[tuple[Challenge, ShownItem], ...]
    chosen: ShownItem | None
    """Whose differences are drawn."""
    against: ShownItem | None
    screen: str
    """The curve that stands on the summary; empty: there is none."""
    same_rows: str
    """What all were evaluated on, if that is the same; empty: it is not."""
    one_threshold: str
    """The address at which all are told at one threshold, or at their own again; empty: none."""


class MetricsView(ComparisonView):
    """All metrics, and one of them enlarged."""

    table: MetricsTable
    metric: str


class ScreenView(ComparisonView):
    """A screen of all, over each other."""

    name: str
    about: str
    numbers: NumbersView
    labels: tuple[str, ...]
    """The classes of which one can be looked at."""
    label: str
    metrics: tuple[str, ...]
    """Codes of those that can be chosen."""
    metric: str
    chart: str
    """What the addresses of its chart and numbers end with."""


def href(project: str, comparison: str) -> str:
    """The address of a comparison."""
    return address(ONE, project=project, comparison=comparison)


def crumbs(project: str) -> tuple[Crumb, ...]:
    """The comparisons of a project above a page."""
    above = Crumb(label="Comparisons", href=address(ALL, project=project))
    return (project_crumb(project), above)


def counted(visit: Visit, project: str) -> int | None:
    """How many comparisons a project has; None: too many to be counted."""
    found = visit.part(ListComparisons(project=project, limit=COUNTED))
    return len(found) if found.next is None else None


def comparisons(visit: Visit) -> ComparisonsView:
    """A part of the list."""
    key = visit.path["project"]
    found = visit.part(ListComparisons(project=key, limit=PART, after=visit.asked("after") or None))
    return ComparisonsView(
        title="Comparisons",
        crumbs=(project_crumb(key),),
        project=key,
        comparisons=tuple(found),
        **place_in_list(found),
        may_write=visit.may("evaluations:write"),
    )


def about(visit: Visit) -> ComparisonView:
    """The comparison of the address, with what pages about it share."""
    key, name = visit.path["project"], visit.path["comparison"]
    threshold, _ = typed_number(visit.asked("threshold"), least=0, most=1)
    found = visit.run(ShowComparison(project=key, name=name, threshold=threshold))
    return ComparisonView(
        title=name,
        crumbs=crumbs(key),
        comparison=found,
        parts=_parts(visit, found),
        shown=tuple(each for each in found.items if not each.hidden),
        query=urlencode({**_drawn_by(visit), "of": _mark(found)}),
        intervals=visit.asked("intervals") != "off",
        promoted=_promoted(found),
        may_write=visit.may("evaluations:write"),
        may_activate=visit.may("models:write"),
    )


def within(view: ComparisonView, title: str) -> dict[str, Any]:
    """The fields of a page below the comparison's own."""
    found = view.comparison
    here = Crumb(label=found.name, href=href(found.project, found.name))
    return {**dict(view), "title": title, "crumbs": (*view.crumbs, here)}


def summary(visit: Visit) -> SummaryView:
    """The verdict, what it rests on, metrics and charts."""
    view = about(visit)
    found = view.comparison
    by_key = {each.key: each for each in found.items}
    challenges = tuple((each, by_key[each.key]) for each in found.challenges)
    keys = tuple(each.key for each in found.challenges)
    wanted = visit.one_of("item", keys) or _foremost(found)
    first = FIRST_SCREEN.get(found.prediction_type, "")
    return SummaryView(
        **dict(view),
        table=_table(found, view.shown, SHOWN_METRICS),
        left=max(0, len(view.shown) - SHOWN_ITEMS),
        challenges=challenges,
        chosen=by_key.get(wanted or ""),
        against=by_key.get(found.against or ""),
        screen=first if any(first in each.screens for each in view.shown) else "",
        same_rows=_same_rows(view.shown),
        one_threshold=_one_threshold(visit, found),
    )


def metrics(visit: Visit) -> MetricsView:
    """All metrics, and one of them as bars."""
    view = about(visit)
    found = view.comparison
    wanted = visit.one_of("metric", found.codes)
    usual = (*HEADLINES, *found.codes)
    return MetricsView(
        **within(view, "Metrics"),
        table=_table(found, view.shown, len(found.codes)),
        metric=wanted or next((code for code in usual if code in found.codes), ""),
    )


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
    return ScreenView(
        **within(view, TITLES[name]),
        name=name,
        about=ABOUT_PARTS.get(name, ""),
        numbers=numbers(table),
        labels=labels,
        label=chosen.get("label", ""),
        metrics=("f1", "precision", "recall", "accuracy", "mcc") if name == "decision" else (),
        metric=chosen.get("metric", "f1") if name == "decision" else "",
        chart=urlencode({**dict(parse_qsl(view.query)), **chosen}),
    )


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
    shown = (("Overview", overview), ("Performance", screens), ("Explanation", (importances,)))
    return tuple((label, links) for label, links in shown if links)


def _promoted(found: ShownComparison) -> tuple[ShownItem, ...]:
    order = {"better": 0, "indistinguishable": 1, "unknown": 2, "worse": 3}
    verdicts = {each.key: order[each.verdict] for each in found.challenges}
    could = [
        each
        for each in found.items
        if ":" in each.key and each.gone is None and not each.active and each.key != found.champion
    ]
    return tuple(sorted(could, key=lambda each: verdicts.get(each.key, 2)))


def _foremost(found: ShownComparison) -> str | None:
    """The challenger that does best, else the first one."""
    better = [each.key for each in found.challenges if each.verdict == "better"]
    return next(iter(better or [each.key for each in found.challenges]), None)


def _table(found: ShownComparison, shown: tuple[ShownItem, ...], most: int) -> MetricsTable:
    """Headlines first; the best of each metric, where its difference is real."""
    usual = [code for code in COLUMNS.get(found.prediction_type, ()) if code in found.codes]
    others = [code for code in found.codes if code not in usual and code not in OF_DRIFT]
    codes = tuple([*usual, *others][:most])
    verdicts = {
        (each.key, one.code): one.verdict for each in found.challenges for one in each.differences
    }
    best = {}
    for code in codes:
        values = {
            each.key: figure.value
            for each in shown
            if (figure := each.metrics.get(code)) is not None and figure.value is not None
        }
        if len(values) < 2:
            continue
        pick = min if code in LOWER_IS_BETTER else max
        key = pick(values, key=lambda key: values[key])
        others_worse = all(verdicts.get((k, code)) == "worse" for k in values if k != key)
        if verdicts.get((key, code)) == "better" or (key == found.against and others_worse):
            best[code] = key
    return MetricsTable(codes=codes, best=best)


def _same_rows(shown: tuple[ShownItem, ...]) -> str:
    """The dataset of all, if all have the same rows."""
    told = {(each.dataset, each.fingerprint, each.rows) for each in shown if each.gone is None}
    dataset, fingerprint, _ = next(iter(told)) if len(told) == 1 else ("", None, None)
    return dataset or "" if fingerprint else ""


def _one_threshold(visit: Visit, found: ShownComparison) -> str:
    if visit.asked("threshold"):
        return visit.here(threshold=None)
    first = next((each for each in found.items if each.key == found.against), None)
    if first is None or first.threshold is None:
        return ""
    return visit.here(threshold=f"{first.threshold:g}")


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
        "item": visit.asked("item") or None if part == "differences" else None,
    }
    return {
        "project": path["project"],
        "name": path["comparison"],
        "part": part,
        "intervals": visit.asked("intervals") != "off",
        **{name: value for name, value in given.items() if value is not None},
    }


def _chart_of(visit: Visit) -> DrawComparison:
    return DrawComparison(**_part(visit), mode=visit.one_of("mode", MODES) or "light")


def _table_of(visit: Visit) -> TabulateComparison:
    return TabulateComparison(**_part(visit))


def _format(visit: Visit) -> ScreenFormat:
    return visit.one_of("format", FORMATS) or "csv"


def _file_of(visit: Visit, place: str) -> ExportComparison:
    mode = visit.one_of("mode", MODES) or "light"
    return ExportComparison(
        **_part(visit), mode=mode, format=_format(visit), to=place, replace=True
    )


def _name_of(visit: Visit) -> str:
    return f"{visit.path['comparison']}-{visit.path['part']}.{_format(visit)}"


PAGES: tuple[Page | Document | Download, ...] = (
    Page(ALL, comparisons, "comparisons.html", Nav("Comparisons", "git-compare", count=counted)),
    Page(ONE, summary, "comparison.html"),
    Page(METRICS, metrics, "comparison_metrics.html"),
    Page(SCREEN, screen, "comparison_screen.html"),
    Document(f"{PART_OF}/chart", _chart_of),
    Document(f"{PART_OF}/table", _table_of),
    Download(f"{PART_OF}/content", _file_of, _name_of),
)
