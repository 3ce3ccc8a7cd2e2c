"""The pages of comparisons: those of a project, one with its verdict, all of its metrics."""

from __future__ import annotations

from modelyard.analysis.names import HEADLINES
from modelyard.evaluations.comparing.chart_commands import ReportComparison
from modelyard.evaluations.comparing.chart_types import ComparisonPart
from modelyard.evaluations.comparing.commands import (
    ListComparisons,
)
from modelyard.evaluations.comparing.picking import foremost
from modelyard.evaluations.comparing.tabling import MetricsTable, metrics_table
from modelyard.evaluations.comparing.types import (
    Challenge,
    ComparisonSummary,
    ShownComparison,
    ShownItem,
)
from modelyard.runtime.types import PredictionType
from modelyard.web.pages.comparison_views import (
    ALL,
    METRICS,
    ONE,
    ComparisonView,
    about,
    columns_of,
    within,
)
from modelyard.web.pages.page import (
    Download,
    ListView,
    Nav,
    Page,
    Visit,
    place_in_list,
)
from modelyard.web.pages.projects import crumb as project_crumb

PART, COUNTED = 50, 100
SHOWN_METRICS = 6
"""Metrics that have a column on the summary."""
SHOWN_ITEMS = 40
"""Items that have a line in a table, unless all are asked for."""
FIRST_SCREEN: dict[PredictionType, ComparisonPart] = {
    "binary_classification": "roc",
    "multiclass": "roc",
    "regression": "errors",
}


class ComparisonsView(ListView):
    """A part of a project's comparisons."""

    project: str
    comparisons: tuple[ComparisonSummary, ...]
    may_write: bool


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
    by: str
    """The column by whose groups it is told where the chosen one wins; empty: there is none."""
    same_rows: str
    """What all were evaluated on, if that is the same; empty: it is not."""
    one_threshold: str
    """The address at which all are told at one threshold, or at their own again; empty: none."""


class MetricsView(ComparisonView):
    """All metrics, and one of them enlarged."""

    table: MetricsTable
    metric: str


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


def summary(visit: Visit) -> SummaryView:
    """The verdict, what it rests on, metrics and charts."""
    view = about(visit)
    found = view.comparison
    by_key = {each.key: each for each in found.items}
    challenges = tuple((each, by_key[each.key]) for each in found.challenges)
    keys = tuple(each.key for each in found.challenges)
    wanted = visit.one_of("item", keys) or foremost(found)
    paired = {each.key for each in found.challenges if each.paired}
    first = FIRST_SCREEN.get(found.prediction_type, "")
    return SummaryView(
        **dict(view),
        table=metrics_table(found, view.shown, SHOWN_METRICS),
        left=max(0, len(view.shown) - SHOWN_ITEMS),
        challenges=challenges,
        chosen=by_key.get(wanted or ""),
        against=by_key.get(found.against or ""),
        by=next(iter(columns_of(visit, found)), "") if wanted in paired else "",
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
        table=metrics_table(found, view.shown),
        metric=wanted or next((code for code in usual if code in found.codes), ""),
    )


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


def _report_of(visit: Visit, place: str) -> ReportComparison:
    path = visit.path
    return ReportComparison(
        project=path["project"], name=path["comparison"], output=place, replace=True
    )


def _report_name(visit: Visit) -> str:
    return f"comparison-{visit.path['comparison']}.html"


PAGES: tuple[Page | Download, ...] = (
    Page(ALL, comparisons, "comparisons.html", Nav("Comparisons", "git-compare", count=counted)),
    Page(ONE, summary, "comparison.html"),
    Page(METRICS, metrics, "comparison_metrics.html"),
    Download(f"{ONE}/report", _report_of, _report_name),
)
