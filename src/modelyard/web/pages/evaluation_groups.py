"""Pages about the rows of an evaluation and groups of them: slices, fairness, single rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, get_args

from modelyard import errors
from modelyard.analysis.group_types import Disparity, Slices
from modelyard.analysis.names import name_of
from modelyard.analysis.types import Metric
from modelyard.data.commands import ShowDataset
from modelyard.evaluations.charting.commands import ExportScreen, ShowChart
from modelyard.evaluations.commands import ShowScreen, ShowSlices
from modelyard.evaluations.looking.commands import (
    FindWorst,
    ShowFairness,
    ShowResiduals,
    ShowRows,
)
from modelyard.evaluations.looking.types import (
    LOSSES_OF,
    Loss,
    Order,
    WorstReport,
)
from modelyard.evaluations.types import Evaluation
from modelyard.evaluations.words import LEADING
from modelyard.jobs.commands import ListJobs
from modelyard.models.commands import ShowVersion
from modelyard.web.pages.charted import mode_of
from modelyard.web.pages.evaluation import EvaluationView, shown, within
from modelyard.web.pages.evaluation_group_views import (
    AssertionsView,
    FairnessView,
    Figure,
    ResidualsView,
    RowsView,
    SliceLine,
    SlicesView,
    WorstView,
)
from modelyard.web.pages.evaluation_parts import (
    ASSERTIONS,
    FAIRNESS,
    METRICS,
    RESIDUALS,
    ROWS,
    SLICES,
    WORST,
)
from modelyard.web.pages.form import Draft, Form, Words
from modelyard.web.pages.formats import sentence
from modelyard.web.pages.jobs import MADE, given_to_job, line_of
from modelyard.web.pages.page import Crumb, Document, Download, Page, Visit, address

FIND = "evaluations.worst"
SEARCH = f"{WORST}/search"
MADE[FIND] = "/projects/{project}/evaluations/{id}/worst"
SEARCHED = 100
"""Jobs among which the last search is looked for."""
LOSSES: tuple[Loss, ...] = get_args(Loss)
ORDERS: tuple[Order, ...] = get_args(Order)
SHOWN = 20


def slices(visit: Visit) -> SlicesView:
    """Metrics of each group of a column, beside those of all rows."""
    view, found, problem = shown(visit), None, ""
    by = visit.asked("by")
    if by:
        found, problem = _asked(visit, ShowSlices(**_named(view.evaluation), by=by))
    codes = _codes(view.evaluation, found)
    return SlicesView(
        **_about(visit, view, "Slices", by, problem),
        found=found,
        lines=_lines(found, codes) if found is not None else (),
        codes=codes,
    )


def fairness(visit: Visit) -> FairnessView:
    """Rates of each group of a column against a reference."""
    view, found, problem = shown(visit), None, ""
    by = visit.asked("by")
    evaluation = view.evaluation
    outcome = visit.asked("outcome")
    if not outcome and evaluation.prediction_type == "multiclass":
        outcome = str(evaluation.classes[0])
    if by:
        asked = ShowFairness(
            **_named(evaluation),
            by=by,
            reference=visit.asked("reference") or None,
            outcome=outcome or None,
        )
        found, problem = _asked(visit, asked)
    return FairnessView(
        **_about(visit, view, "Fairness", by, problem),
        found=found,
        reference=found.reference if found is not None else "",
        outcome=outcome or str(evaluation.positive),
        verdict=_verdict(found.disparities) if found is not None else None,
    )


def worst(visit: Visit) -> WorstView:
    """What the last search found, or how far it is."""
    view = shown(visit)
    asked = ListJobs(project=view.evaluation.project, command=FIND, limit=SEARCHED)
    jobs = [each for each in visit.run(asked) if each.arguments.get("id") == view.evaluation.id]
    job = jobs[0] if jobs else None
    return WorstView(
        **within(view, "Worst slices"),
        job=job,
        line=line_of(job) if job is not None else None,
        found=_kept(visit, view.evaluation) if job is None or job.state == "succeeded" else None,
    )


def _kept(visit: Visit, evaluation: Evaluation) -> WorstReport | None:
    """What the last search found, wherever it was asked for."""
    try:
        kept = visit.run(ShowScreen(**_named(evaluation), screen="worst"))
    except errors.NotFound:
        return None
    return WorstReport.model_validate(kept.content)


def rows(visit: Visit) -> RowsView:
    """The first of them, with all their columns."""
    view = shown(visit)
    order = visit.one_of("order", ORDERS) or "worst"
    asked = ShowRows(
        **_named(view.evaluation),
        order=order,
        first=SHOWN,
        metric=visit.one_of("metric", LOSSES),
    )
    found = visit.run(asked)
    return RowsView(
        **within(view, "Best and worst rows"),
        found=found,
        order=order,
        losses=_losses(view.evaluation),
        names=tuple(found.rows[0].values.root) if found.rows else (),
    )


def residuals(visit: Visit) -> ResidualsView:
    """Errors by the values of a column."""
    view, found, problem = shown(visit), None, ""
    by = visit.asked("by")
    if by:
        found, problem = _asked(visit, ShowResiduals(**_named(view.evaluation), by=by))
    return ResidualsView(**_about(visit, view, "Residuals", by, problem), found=found)


def assertions(visit: Visit) -> AssertionsView:
    """What came of each."""
    return AssertionsView(**within(shown(visit), "Assertions"))


def _files(path: str, screen: str) -> tuple[Document, Download]:
    """The chart and the table of a screen of groups, for programs."""

    def chart(visit: Visit) -> ShowChart:
        mode, metric = mode_of(visit), visit.asked("metric") or None
        return ShowChart(**_groups_of(visit, screen), mode=mode, metric=metric)

    def table(visit: Visit, place: str) -> ExportScreen:
        return ExportScreen(**_groups_of(visit, screen), format="csv", to=place, replace=True)

    def name(visit: Visit) -> str:
        return f"{screen}-{visit.path['evaluation']}.csv"

    return Document(f"{path}/chart", chart), Download(f"{path}/content", table, name)


def _table(path: str, screen: str, *words: str) -> Download:
    """The table of a screen as a file; the words of the query that it takes."""

    def table(visit: Visit, place: str) -> ExportScreen:
        named: dict[str, Any] = {
            "project": visit.path["project"],
            "id": visit.path["evaluation"],
        }
        named |= {name: visit.asked(name) for name in words if visit.asked(name)}
        return ExportScreen(**named, screen=screen, format="csv", to=place, replace=True)

    return Download(
        f"{path}/content", table, lambda visit: f"{screen}-{visit.path['evaluation']}.csv"
    )


def _chart_of_worst(visit: Visit) -> ShowChart:
    named: dict[str, Any] = {"project": visit.path["project"], "id": visit.path["evaluation"]}
    return ShowChart(**named, screen="worst", mode=mode_of(visit))


def _groups_of(visit: Visit, screen: str) -> dict[str, Any]:
    """The groups of the column that the query names, as commands about screens name them.

    Raises:
        Invalid: it names none.
    """
    if not visit.asked("by"):
        raise errors.Invalid("name the column whose values make the groups: ?by=COLUMN")
    named = {"project": visit.path["project"], "id": visit.path["evaluation"]}
    given = {name: visit.asked(name) or None for name in ("by", "reference", "outcome")}
    return {**named, "screen": screen, **given}


def _named(evaluation: Evaluation) -> dict[str, Any]:
    return {"project": evaluation.project, "id": evaluation.id}


def _asked(visit: Visit, command: Any) -> tuple[Any, str]:
    """What a command answers, or why it cannot be told of such a column."""
    try:
        return visit.run(command), ""
    except (errors.Invalid, errors.NotFound, errors.Unsupported) as exc:
        return None, sentence(exc.detail)


def _about(visit: Visit, view: EvaluationView, title: str, by: str, problem: str) -> dict[str, Any]:
    columns = _columns(visit, view.evaluation)
    return {**within(view, title), "by": by, "columns": columns, "problem": problem}


def _columns(visit: Visit, evaluation: Evaluation) -> tuple[str, ...]:
    """The columns of the dataset; of one that is gone those that the model takes."""
    where = {"project": evaluation.project}
    if evaluation.dataset is None:
        return _inputs(visit, evaluation)
    try:
        dataset = visit.run(ShowDataset(**where, dataset=evaluation.dataset, first=1))
    except (errors.NotFound, errors.Invalid, errors.Forbidden, errors.Unavailable):
        return _inputs(visit, evaluation)
    return tuple(each.name for each in dataset.columns)


def _inputs(visit: Visit, evaluation: Evaluation) -> tuple[str, ...]:
    """The columns that the version takes; none: it was deleted, or there is none."""
    if evaluation.model is None or evaluation.version is None:
        return ()
    try:
        version = visit.run(
            ShowVersion(
                project=evaluation.project, model=evaluation.model, version=evaluation.version
            )
        )
    except errors.NotFound:
        return ()
    return tuple(each.name for each in version.signature.inputs.columns)


def _codes(evaluation: Evaluation, found: Slices | None) -> tuple[str, ...]:
    """The metrics that are shown of groups."""
    if found is None:
        return ()
    known = {each.code for each in found.total.metrics if each.value is not None}
    return tuple(code for code in LEADING[evaluation.prediction_type] if code in known)[:4]


def _losses(evaluation: Evaluation) -> tuple[Loss, ...]:
    """What rows can be put in the order of; of labels alone there are no probabilities."""
    known = evaluation.metrics
    return tuple(
        code
        for code in LOSSES_OF.get(evaluation.prediction_type, ())
        if code not in known or known[code].value is not None
    )


def _lines(found: Slices, codes: Sequence[str]) -> tuple[SliceLine, ...]:
    whole = {each.code: each for each in found.total.metrics}
    return tuple(
        SliceLine(
            label=each.group.label if each.group is not None else "All rows",
            slice=each,
            figures=tuple(
                _figure(metric, whole[metric.code])
                for code in codes
                for metric in each.metrics
                if metric.code == code
            ),
        )
        for each in (found.total, *found.slices)
    )


def _figure(metric: Metric, whole: Metric) -> Figure:
    if metric is whole or metric.value is None or whole.value is None:
        return Figure(metric=metric, difference=None, is_other=False)
    is_other = (
        metric.low is not None
        and metric.high is not None
        and not metric.low <= whole.value <= metric.high
    )
    return Figure(metric=metric, difference=metric.value - whole.value, is_other=is_other)


def _verdict(disparities: Sequence[Disparity]) -> Disparity | None:
    """The one of those that are no chance with the largest difference."""
    real = [
        each
        for each in disparities
        if each.difference.low is not None
        and each.difference.high is not None
        and not each.difference.low <= 0 <= each.difference.high
    ]
    return max(real, key=lambda each: abs(each.difference.value or math.nan), default=None)


def _search(visit: Visit) -> Draft:
    view = shown(visit)
    evaluation = view.evaluation
    given = given_to_job(visit, FIND)
    here = address(WORST, **visit.path)
    return Draft(
        crumbs=(*within(view, "")["crumbs"], Crumb(label="Worst slices", href=here)),
        proposed={name: value for name, value in given.items() if name not in ("id", "project")},
        choices={
            "metric": [(code, name_of(code)) for code in _losses(evaluation)],
            "columns": [(name, name) for name in _columns(visit, evaluation)],
            "combined": [("1", "Alone"), ("2", "And in pairs")],
        },
    )


PAGES: tuple[Page | Form | Document | Download, ...] = (
    Page(SLICES, slices, "evaluation_slices.html"),
    *_files(SLICES, "slices"),
    Page(WORST, worst, "evaluation_worst.html"),
    Document(f"{WORST}/chart", _chart_of_worst),
    _table(WORST, "worst"),
    Form(
        SEARCH,
        FindWorst,
        "Search the worst slices",
        "Search",
        lambda visit, _found: address(WORST, **visit.path),
        intro="Every group of every column, and every pair of groups, is compared with the other "
        "rows. What may be there by chance among so many is left out.",
        fields=("columns", "combined", "metric", "least", "effect", "confidence", "most"),
        taken={"id": "evaluation"},
        words={
            "columns": Words(label="Columns", help="None ticked: all of them"),
            "combined": Words(label="Columns are looked at", help="", kind="segments"),
            "metric": Words(label="What is compared", placeholder="As fits the model", later=True),
            "least": Words(label="Least rows of a slice", help="", later=True),
            "effect": Words(label="Least difference", later=True),
            "confidence": Words(label="Confidence", later=True),
            "most": Words(label="Slices that are told", help="", later=True),
        },
        prepare=_search,
        follow=lambda visit, _job: address(WORST, **visit.path),
    ),
    Page(FAIRNESS, fairness, "evaluation_fairness.html"),
    *_files(FAIRNESS, "fairness"),
    Page(ROWS, rows, "evaluation_rows.html"),
    _table(ROWS, "rows", "order", "metric"),
    Page(RESIDUALS, residuals, "evaluation_residuals.html"),
    *_files(RESIDUALS, "residuals"),
    Page(ASSERTIONS, assertions, "evaluation_assertions.html"),
    _table(ASSERTIONS, "assertions"),
    _table(METRICS, "metrics"),
)
