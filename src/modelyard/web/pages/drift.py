"""The pages of drift: reports of a project, one report, a column of it, a new one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from modelyard import errors
from modelyard.analysis.drift.types import ColumnDrift, DriftTestResult, Outcome
from modelyard.analysis.names import HEADLINES
from modelyard.data.commands import ListDatasets
from modelyard.evaluations.drifting.commands import (
    ComputeDrift,
    DeleteDrift,
    ExportDrift,
    ListDrift,
    ListDriftTests,
    ShowDrift,
    ShowDriftChart,
    ShowDriftTable,
)
from modelyard.evaluations.drifting.types import Drift, DriftPart, DriftSummary, Side
from modelyard.kernel.values import Value
from modelyard.models.commands import ListModels
from modelyard.web.pages.charted import documents
from modelyard.web.pages.evaluation_fields import SAMPLINGS, WORDS
from modelyard.web.pages.form import Draft, Form, Words
from modelyard.web.pages.jobs import FILLED, MADE, given_to_job
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

ALL = "/projects/{project}/drift"
ONE = f"{ALL}/{{report}}"
COLUMN = f"{ONE}/columns/{{column}}"
PART_OF = f"{ONE}/parts/{{part}}"
NEW = "/projects/{project}/new-drift"
COMPUTE = "drift.compute"
MADE[COMPUTE] = "/projects/{project}/drift/{made}"
FILLED[COMPUTE] = NEW
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
PARTS: tuple[DriftPart, ...] = get_args(DriftPart)
PART, MOST = 50, 500
FIRST = "psi"
"""The test by which columns are in order, unless another one is chosen."""
BY_RANKS = {"numeric": "ks", "categorical": "chi2"}
"""The test that tells of a p-value, by the kind of a column."""


class ReportsView(ListView):
    """A part of a project's drift reports."""

    project: str
    reports: tuple[DriftSummary, ...]
    evaluation: str
    model: str
    outcome: str
    outcomes: tuple[Outcome, ...]
    models: tuple[str, ...]
    may_write: bool


class ColumnLine(Value):
    """A column in the table: the test that is chosen, and one that tells of a p-value."""

    column: ColumnDrift
    href: str
    test: DriftTestResult | None
    beside: DriftTestResult | None


class ReportView(View):
    """A report: the verdict, the headline figures, columns, predictions, performance."""

    report: Drift
    lines: tuple[ColumnLine, ...]
    tests: tuple[tuple[str, str], ...]
    """Those that columns can be put in order by: names and titles."""
    test: str
    drifted: int
    headline: str
    """Code of the metric that stands for all."""
    may_write: bool


class ColumnView(View):
    """A column of a report."""

    report: Drift
    column: ColumnDrift
    titles: dict[str, str]
    """Of tests, by their names."""


def href(project: str, report: str) -> str:
    """The address of a report."""
    return address(ONE, project=project, report=report)


def crumbs(project: str) -> tuple[Crumb, ...]:
    """The reports of a project above a page."""
    return (project_crumb(project), Crumb(label="Drift", href=address(ALL, project=project)))


def reports(visit: Visit) -> ReportsView:
    """A part of the list, with what it can be filtered by."""
    key = visit.path["project"]
    evaluation, model = visit.asked("evaluation"), visit.asked("model")
    outcome = visit.one_of("outcome", OUTCOMES)
    known = [each.name for each in visit.part(ListModels(project=key, limit=MOST))]
    asked = ListDrift(
        project=key,
        limit=PART,
        after=visit.asked("after") or None,
        evaluation=evaluation or None,
        model=model if model in known else None,
        outcome=outcome,
    )
    found = visit.part(asked)
    return ReportsView(
        title="Drift",
        crumbs=(project_crumb(key),),
        project=key,
        reports=tuple(found),
        **place_in_list(found),
        evaluation=evaluation,
        model=model if model in known else "",
        outcome=outcome or "",
        outcomes=OUTCOMES,
        models=tuple(known),
        may_write=visit.may("evaluations:write"),
    )


def report(visit: Visit) -> ReportView:
    """The report, its columns in the order of a test."""
    found = _shown(visit)
    there = {each.test for column in found.columns for each in column.tests}
    titles = {name: title for name, title in _titles(visit).items() if name in there}
    chosen = visit.one_of("test", tuple(titles)) or (FIRST if FIRST in titles else "")
    lines = [_line(found, each, chosen) for each in found.columns]
    lines.sort(key=lambda line: -_size(line.test))
    codes = [each.code for each in found.performance.metrics if each.change != "unknown"]
    return ReportView(
        title=f"Drift of {found.current.name}",
        crumbs=crumbs(found.project),
        report=found,
        lines=tuple(lines),
        tests=tuple(titles.items()),
        test=chosen,
        drifted=sum(each.outcome == "drifted" for each in found.columns),
        headline=next((code for code in (*HEADLINES, *codes) if code in codes), ""),
        may_write=visit.may("evaluations:write"),
    )


def column(visit: Visit) -> ColumnView:
    """One column: how it is spread on both sides, and what each test says."""
    found = _shown(visit)
    name = visit.path["column"]
    of = next((each for each in found.columns if each.name == name), None)
    if of is None:
        raise errors.NotFound.among("column", name, [each.name for each in found.columns])
    return ColumnView(
        title=name,
        crumbs=(*crumbs(found.project), _crumb(found)),
        report=found,
        column=of,
        titles=_titles(visit),
    )


def _shown(visit: Visit) -> Drift:
    return visit.run(ShowDrift(project=visit.path["project"], id=visit.path["report"]))


def _crumb(found: Drift) -> Crumb:
    return Crumb(label=f"Drift of {found.current.name}", href=href(found.project, found.id))


def _titles(visit: Visit) -> dict[str, str]:
    tests = visit.part(ListDriftTests(project=visit.path["project"]))
    return {each.name: each.title for each in tests}


def _line(found: Drift, of: ColumnDrift, chosen: str) -> ColumnLine:
    tests = {each.test: each for each in of.tests}
    beside = tests.get(BY_RANKS.get(of.kind, ""))
    named = {"project": found.project, "report": found.id}
    return ColumnLine(
        column=of,
        href=address(COLUMN, **named, column=of.name),
        test=tests.get(chosen),
        beside=beside,
    )


def _size(test: DriftTestResult | None) -> float:
    return -1.0 if test is None or test.statistic is None else test.statistic


def _part(visit: Visit) -> dict[str, Any]:
    """The part of the address, as commands name it.

    Raises:
        NotFound: a report has no such part.
    """
    path, part = visit.path, visit.path["part"]
    if part not in PARTS:
        raise errors.NotFound.among("part", part, PARTS)
    named = {"project": path["project"], "id": path["report"], "part": part}
    given = {name: visit.asked(name) for name in ("column", "label", "test") if visit.asked(name)}
    if part != "column":
        given.pop("column", None)
    elif "column" not in given:
        raise errors.NotFound("the address does not say which column")
    return {**named, **given}


def _name_of(visit: Visit) -> str:
    return f"drift-{visit.path['part']}-{visit.path['report']}"


def _new(visit: Visit) -> Draft:
    """With what the address says; where it names a report, as that was made."""
    key = visit.path["project"]
    given: Mapping[str, Any] = given_to_job(visit, COMPUTE) or {
        name: visit.asked(name)
        for name in ("current", "reference", "model", "version")
        if visit.asked(name)
    }
    if visit.asked("of"):
        before = visit.run(ShowDrift(project=key, id=visit.asked("of")))
        given = before.settings.model_dump(mode="json", exclude_unset=True)
        given |= {"current": before.settings.current, "reference": _given(before.reference)}
    models = [(each.name, each.name) for each in visit.part(ListModels(project=key, limit=MOST))]
    tables = [(each.name, "") for each in visit.part(ListDatasets(project=key, limit=MOST))]
    return Draft(
        crumbs=crumbs(key),
        values=given,
        choices={
            "model": models,
            "current": tables,
            "reference": tables,
            "method": list(SAMPLINGS.items()),
        },
    )


def _given(side: Side) -> str:
    return side.evaluation or side.given


def _deleted(visit: Visit) -> Draft:
    seen = _shown(visit)
    return Draft(crumbs=(*crumbs(seen.project), _crumb(seen)), seen=seen)


SHARED = (
    "confidence", "handling", "on_error", "where", "method", "rows", "ratio", "column", "seed",
    "params",
)  # fmt: skip
"""Fields that evaluations are asked for as well."""
SIDE = "A dataset, the id of an evaluation, or the path of a file"
PAGES: tuple[Page | Form | Document | Download, ...] = (
    Page(ALL, reports, "drift_reports.html", Nav("Drift", "arrows-exchange")),
    Page(ONE, report, "drift_report.html"),
    Page(COLUMN, column, "drift_column.html"),
    *documents(
        PART_OF, _part, _name_of, chart=ShowDriftChart, table=ShowDriftTable, export=ExportDrift
    ),
    Form(
        NEW,
        ComputeDrift,
        "Compute drift",
        "Compute drift",
        lambda visit, made: href(visit.path["project"], made.id),
        intro="Two datasets or evaluations are compared: every column, all columns together, and "
        "with a model its predictions and, where the truth is known, its performance.",
        fields=(
            "current", "reference", "model", "version", "target", "columns", "handling",
            "thresholds", "false_alarms", "bins", "text", "embeddings", "classifier_rows",
            "confidence", "level", "prediction_reference", "performance_reference", "on_error",
            "where", "method", "rows", "ratio", "column", "seed", "params",
        ),
        words={
            "current": Words(label="Current", help=f"The newer side. {SIDE}", kind="text",
                             placeholder="flights-october", mono=True),
            "reference": Words(
                label="Reference", kind="text", mono=True,
                help=f"What it is compared with. {SIDE}; of an evaluation left blank, the "
                "reference of its store or version",
                placeholder="flights-june",
            ),
            "model": Words(
                label="Saved model",
                help="Scores datasets, so that predictions and performance are compared, too",
                placeholder="None, or that of the evaluation",
            ),
            "version": Words(help="", placeholder="The active version", mono=True),
            "target": Words(help="The column of datasets that holds the truth; left blank, the "
                            "version's own target", mono=True),
            "columns": Words(label="Columns", help="One a line; left blank, those that the model "
                             "takes, without one all that both sides have", mono=True, later=True),
            "thresholds": Words(
                label="Thresholds",
                help="By test, from which statistic on a column counts as drifted, as JSON",
                placeholder='{"psi": 0.2}', kind="json", later=True,
            ),
            "false_alarms": Words(
                label="False alarms",
                help="Share of chunks of the reference itself that may be past a threshold; blank: "
                "the tests' own thresholds",
                later=True,
            ),
            "bins": Words(label="Bins", help="Of numeric columns", later=True),
            "text": Words(label="Look into columns of text", help="", later=True),
            "embeddings": Words(
                label="Embedding of texts",
                help="Compares columns of text as vectors, too: latent, or one that a package "
                "brings; left blank, none",
                placeholder="latent", mono=True, later=True,
            ),
            "classifier_rows": Words(
                label="Rows of each side for the classifier",
                help="At most, drawn at random; all other numbers are of all rows", later=True,
            ),
            "level": Words(label="Level of the tests", later=True),
            "prediction_reference": Words(label="Another reference for predictions", help="",
                                          mono=True, later=True),
            "performance_reference": Words(label="Another reference for performance", help="",
                                           mono=True, later=True),
            **{name: WORDS[name] for name in SHARED},
        },
        prepare=_new,
    ),
    Form(
        f"{ONE}/delete",
        DeleteDrift,
        "Delete drift report",
        "Delete report",
        lambda visit, _made: address(ALL, project=visit.path["project"]),
        intro="What it compared stays. This cannot be undone.",
        said="The report is deleted.",
        taken={"id": "report"},
        prepare=_deleted,
        dangerous=True,
    ),
)  # fmt: skip
