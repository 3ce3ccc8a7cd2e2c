"""The pages of one evaluation: its summary, its metrics, its diagnostics, each of its screens."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from modelyard import errors
from modelyard.analysis.charts.words import ABOUT, TITLES
from modelyard.analysis.names import name_of
from modelyard.analysis.types import Metric
from modelyard.evaluations.charting.commands import (
    GROUPED,
    ExportScreen,
    ReportEvaluation,
    ShowChart,
    ShowTable,
)
from modelyard.evaluations.charting.types import Cell, ScreenTable
from modelyard.evaluations.commands import ShowEvaluation, ShowScreen
from modelyard.evaluations.comparing.chart_types import ComparisonTable
from modelyard.evaluations.drifting.commands import ListDrift
from modelyard.evaluations.numbered import NumberedCheck
from modelyard.evaluations.types import Evaluation
from modelyard.evaluations.words import LEADING, LEFT_OUT, title_of
from modelyard.kernel.values import Value, name_by
from modelyard.web.pages import evaluations
from modelyard.web.pages.charted import documents
from modelyard.web.pages.evaluation_labels import own_labels
from modelyard.web.pages.evaluation_parts import DIAGNOSTICS, METRICS, SCREEN, Link, parts_of
from modelyard.web.pages.evaluation_words import NOTED, SUMMARY
from modelyard.web.pages.evaluations import ONE
from modelyard.web.pages.formats import number
from modelyard.web.pages.page import Crumb, Document, Download, Page, View, Visit, address
from modelyard.web.pages.workbench import (
    MARKED,
    Matrix,
    Workbench,
    group_of,
    matrix,
    typed_number,
    workbench,
)

REPORT = f"{ONE}/report"
FIRST = 4
"""Metrics that stand above all."""
ROWS_SHOWN = 100
COUNTED = 50
"""Drift reports that are counted; where there are more, none is told."""
PARTS = ("label", "by", "group", "threshold")
"""The words of the query that say what of a screen is shown."""
CURVES = ("roc", "precision-recall", "gain", "lift", "calibration", "density")
"""The screens that have a curve for each class."""


class Chart(Value):
    """A chart, as a card shows it."""

    name: str
    label: str
    href: str
    """Of the page of its screen."""
    sub: str


class NumbersView(Value):
    """The first numbers of a chart, as a table."""

    columns: tuple[str, ...]
    numeric: tuple[bool, ...]
    """Which columns hold numbers."""
    rows: tuple[tuple[Cell, ...], ...]
    count: int
    """How many rows there are, of which the first are shown."""


class EvaluationView(View):
    """What all pages about one evaluation show."""

    evaluation: Evaluation
    called: str
    """What the evaluation is called."""
    given_name: str
    """The name that it was given, where it is not called so already; else empty."""
    own_labels: dict[str, str]
    """Those that it was given."""
    parts: tuple[tuple[str, tuple[Link, ...]], ...]
    """The navigation: links under headings."""
    dropped: tuple[tuple[int, str], ...]
    """How many rows were left out, and why."""
    may_write: bool


class SummaryView(EvaluationView):
    """The most important of it."""

    headlines: tuple[Metric, ...]
    told: tuple[NumberedCheck, ...]
    workbench: Workbench | None
    charts: tuple[Chart, ...]


class MetricsView(EvaluationView):
    """All metrics."""

    metrics: tuple[Metric, ...]
    workbench: Workbench | None
    code: str
    """Of the custom metrics; empty: none was kept."""


class DiagnosticsView(EvaluationView):
    """What one should know before trusting it, and what was evaluated how."""

    told: tuple[NumberedCheck, ...]


class ScreenView(EvaluationView):
    """One screen."""

    name: str
    about: str
    """How it is read."""
    note: str
    """The number that sums it up."""
    workbench: Workbench | None
    matrix: Matrix | None
    """Of several classes."""
    table: NumbersView
    labels: tuple[str, ...]
    """The classes of which one alone can be looked at."""
    label: str
    """The class that is; empty: all of them."""
    by: str
    group: str
    """The group of a column whose rows alone are looked at; empty: all rows."""
    query: str
    """What the addresses of its chart and numbers end with."""


def shown(visit: Visit) -> EvaluationView:
    """The evaluation of the address, with what pages about it share."""
    key, identifier = visit.path["project"], visit.path["evaluation"]
    found = visit.run(ShowEvaluation(project=key, id=identifier))
    called = title_of(found)
    reports = visit.part(ListDrift(project=key, evaluation=identifier, limit=COUNTED))
    count = len(reports) if reports.next is None else None
    return EvaluationView(
        title=called,
        called=called,
        given_name="" if found.name in (called, name_by(found.created)) else found.name,
        own_labels=own_labels(found.labels),
        crumbs=evaluations.crumbs(key),
        evaluation=found,
        parts=parts_of(found, group_of(visit), visit.asked("threshold"), count),
        dropped=_dropped(found),
        may_write=visit.may("evaluations:write"),
    )


def summary(visit: Visit) -> SummaryView:
    """Headlines, what to know, the threshold, the main charts."""
    view = shown(visit)
    found = view.evaluation
    codes = [code for code in LEADING[found.prediction_type] if code in found.metrics]
    codes = codes or list(found.metrics)
    return SummaryView(
        **dict(view),
        headlines=tuple(found.metrics[code] for code in _computed_first(found, codes)[:FIRST]),
        told=found.diagnostics,
        workbench=workbench(visit, found) if _has_cells(found) else None,
        charts=tuple(
            _chart(found, name) for name in SUMMARY[found.prediction_type] if name in found.screens
        ),
    )


def metrics(visit: Visit) -> MetricsView:
    """All of them, with their intervals; at another threshold those that depend on it."""
    view = shown(visit)
    found = view.evaluation
    bench = workbench(visit, found) if _is_marked(found, "decision") else None
    moved = {each.code: each for each in bench.every} if bench is not None else {}
    return MetricsView(
        **within(view, "Metrics"),
        metrics=tuple(moved.get(code, each) for code, each in found.metrics.items()),
        workbench=bench,
        code=_code(visit, found) if found.custom_metrics else "",
    )


def _code(visit: Visit, found: Evaluation) -> str:
    """That of the custom metrics; packages bring theirs themselves."""
    asked = ShowScreen(project=found.project, id=found.id, screen="custom-metrics")
    try:
        return str(visit.run(asked).content["text"])
    except errors.NotFound:
        return ""


def diagnostics(visit: Visit) -> DiagnosticsView:
    """What to know, and what was evaluated how."""
    view = shown(visit)
    return DiagnosticsView(**within(view, "Diagnostics"), told=view.evaluation.diagnostics)


def screen(visit: Visit) -> ScreenView:
    """One screen: how to read it, its chart, its numbers."""
    view, name = shown(visit), visit.path["screen"]
    found = view.evaluation
    labels = tuple(map(str, found.classes)) if name in CURVES else ()
    asked = _asked(visit)
    table = visit.run(ShowTable(**asked))
    part = {name: str(asked[name]) for name in PARTS if name in asked}
    return ScreenView(
        **within(view, TITLES[name]),
        name=name,
        about=ABOUT[name],
        note="" if part else _note(found, name),
        workbench=workbench(visit, found)
        if (name == "confusion" and _has_cells(found)) or _is_marked(found, name)
        else None,
        matrix=matrix(visit, found)
        if name == "confusion" and found.prediction_type == "multiclass"
        else None,
        table=numbers(table),
        labels=labels if found.prediction_type == "multiclass" else (),
        label=part.get("label", ""),
        by=part.get("by", ""),
        group=part.get("group", ""),
        query=urlencode(part),
    )


def _asked(visit: Visit) -> dict[str, Any]:
    """The screen of the address, as commands name it.

    Raises:
        NotFound: there is none of this name.
    """
    path = visit.path
    if path["screen"] not in TITLES or path["screen"] in GROUPED:
        raise errors.NotFound(f"there is no screen {path['screen']!r}")
    named = {"project": path["project"], "id": path["evaluation"], "screen": path["screen"]}
    label, threshold = visit.asked("label"), None
    if path["screen"] == "confusion":
        threshold, _ = typed_number(visit.asked("threshold"), least=0, most=1)
    given = {"label": label or None, "threshold": threshold}
    return named | group_of(visit) | {name: x for name, x in given.items() if x is not None}


def _name_of(visit: Visit) -> str:
    return f"{visit.path['screen']}-{visit.path['evaluation']}"


def _report_of(visit: Visit, place: str) -> ReportEvaluation:
    path = visit.path
    return ReportEvaluation(
        project=path["project"], id=path["evaluation"], output=place, replace=True
    )


def _report_name(visit: Visit) -> str:
    return f"report-{visit.path['evaluation']}.html"


def within(view: EvaluationView, title: str) -> dict[str, Any]:
    """The fields of a page below the evaluation's own."""
    found = view.evaluation
    here = Crumb(label=view.title, href=evaluations.href(found.project, found.id))
    return {**dict(view), "title": title, "crumbs": (*view.crumbs, here)}


def numbers(table: ScreenTable | ComparisonTable) -> NumbersView:
    """The first rows of a table."""
    return NumbersView(
        columns=table.columns,
        numeric=tuple(
            any(type(row[at]) in {int, float} for row in table.rows)
            for at in range(len(table.columns))
        ),
        rows=table.rows[:ROWS_SHOWN],
        count=len(table.rows),
    )


def _has_cells(found: Evaluation) -> bool:
    """Whether there is a matrix of two classes."""
    return found.prediction_type == "binary_classification" and "confusion" in found.screens


def _is_marked(found: Evaluation, screen: str) -> bool:
    """Whether a screen has a threshold that can be moved."""
    return "decision" in found.screens and screen in MARKED


def _computed_first(found: Evaluation, codes: list[str]) -> list[str]:
    return sorted(codes, key=lambda code: found.metrics[code].value is None)


def _dropped(found: Evaluation) -> tuple[tuple[int, str], ...]:
    counted = (
        []
        if found.intake is None
        else [(getattr(found.intake, name), why) for name, why in LEFT_OUT]
    )
    return tuple((count, why) for count, why in [*counted, (found.rejected, "refused")] if count)


def _chart(found: Evaluation, name: str) -> Chart:
    where = address(SCREEN, project=found.project, evaluation=found.id, screen=name)
    return Chart(name=name, label=TITLES[name], href=where, sub=_note(found, name))


def _note(found: Evaluation, name: str) -> str:
    """The metric that sums a screen up."""
    for code in NOTED.get(name, ()):
        metric = found.metrics.get(code)
        if metric is not None and metric.value is not None:
            return f"{name_of(code)} {number(metric.value, 3)}"
    return ""


PAGES: tuple[Page | Document | Download, ...] = (
    Page(ONE, summary, "evaluation.html"),
    Page(METRICS, metrics, "evaluation_metrics.html"),
    Page(DIAGNOSTICS, diagnostics, "evaluation_diagnostics.html"),
    Page(SCREEN, screen, "evaluation_screen.html"),
    *documents(SCREEN, _asked, _name_of, chart=ShowChart, table=ShowTable, export=ExportScreen),
    Download(REPORT, _report_of, _report_name),
)
