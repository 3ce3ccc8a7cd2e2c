"""Pages about what a version takes from which column: importance, dependence."""

from __future__ import annotations

from typing import Any

from modelyard import errors
from modelyard.analysis.names import name_of
from modelyard.evaluations.charting.commands import ExportScreen, ShowChart, ShowTable
from modelyard.evaluations.explaining.commands import (
    ListExplanations,
    MeasureDependence,
    MeasureImportance,
)
from modelyard.evaluations.explaining.types import Explanation
from modelyard.models.commands import ShowVersion
from modelyard.web.pages.charted import mode_of
from modelyard.web.pages.evaluation import (
    EvaluationView,
    NumbersView,
    numbers,
    shown,
    within,
)
from modelyard.web.pages.evaluation_parts import EXPLANATIONS
from modelyard.web.pages.form import Draft, Form, Words
from modelyard.web.pages.jobs import MADE
from modelyard.web.pages.page import Crumb, Document, Download, Page, Visit, address

ONE = f"{EXPLANATIONS}/{{explanation}}"
IMPORTANCE, DEPENDENCE = f"{EXPLANATIONS}-importance", f"{EXPLANATIONS}-dependence"
MADE["evaluations.importance"] = MADE["evaluations.dependence"] = (
    "/projects/{project}/evaluations/{id}/explanations"
)
TITLES = {"importance": "Feature importance", "own": "Own importances or coefficients"}
LATER = {
    "rows": Words(label="Rows", help="That are drawn at random at most", later=True),
    "seed": Words(help="Another one draws other rows", later=True),
}


class ExplanationsView(EvaluationView):
    """The explanations that are kept."""

    explanations: tuple[Explanation, ...]


class ExplanationView(EvaluationView):
    """One of them."""

    explanation: Explanation
    table: NumbersView


def explanations(visit: Visit) -> ExplanationsView:
    """All that were asked for last."""
    view = shown(visit)
    return ExplanationsView(**within(view, "Explanations"), explanations=_kept(visit))


def explanation(visit: Visit) -> ExplanationView:
    """One with its chart and its numbers."""
    view, name = shown(visit), visit.path["explanation"]
    table = visit.run(ShowTable(**_asked(visit)))
    found = next(each for each in _kept(visit) if each.name == name)
    title = TITLES.get(found.kind, f"Dependence on {found.column}")
    return ExplanationView(
        **within(view, title),
        explanation=found,
        table=numbers(table),
    )


def _kept(visit: Visit) -> tuple[Explanation, ...]:
    named = {"project": visit.path["project"], "id": visit.path["evaluation"]}
    found: list[Explanation] = visit.run(ListExplanations(**named))
    return tuple(found)


def _asked(visit: Visit) -> dict[str, Any]:
    """The explanation of the address, as commands about screens name it."""
    path = visit.path
    return {"project": path["project"], "id": path["evaluation"], "screen": path["explanation"]}


def _chart_of(visit: Visit) -> ShowChart:
    return ShowChart(**_asked(visit), mode=mode_of(visit))


def _file_of(visit: Visit, place: str) -> ExportScreen:
    return ExportScreen(**_asked(visit), format="csv", to=place, replace=True)


def _inputs(visit: Visit) -> tuple[EvaluationView, list[tuple[str, str]]]:
    """The evaluation, and the columns that its version takes."""
    view = shown(visit)
    found = view.evaluation
    if found.model is None or found.version is None:
        raise errors.Unsupported("the evaluation is of no version that could be asked about rows")
    version = visit.run(
        ShowVersion(project=found.project, model=found.model, version=found.version)
    )
    return view, [(each.name, each.name) for each in version.signature.inputs.columns]


def _above(view: EvaluationView, visit: Visit) -> tuple[Crumb, ...]:
    here = Crumb(label="Explanations", href=address(EXPLANATIONS, **visit.path))
    return (*within(view, "")["crumbs"], here)


def _importance(visit: Visit) -> Draft:
    view, columns = _inputs(visit)
    metrics = [
        (each.code, name_of(each.code))
        for each in view.evaluation.metrics.values()
        if each.value is not None
    ]
    return Draft(crumbs=_above(view, visit), choices={"metric": metrics, "columns": columns})


def _dependence(visit: Visit) -> Draft:
    view, columns = _inputs(visit)
    classes = [(str(each), str(each)) for each in view.evaluation.classes]
    return Draft(
        crumbs=_above(view, visit),
        choices={"by": columns, "outcome": classes},
        left_out=frozenset() if classes else frozenset({"outcome"}),
    )


def _onward(visit: Visit, _made: object) -> str:
    return address(EXPLANATIONS, **visit.path)


PAGES: tuple[Page | Form | Document | Download, ...] = (
    Page(EXPLANATIONS, explanations, "evaluation_explanations.html"),
    Page(ONE, explanation, "evaluation_explanation.html"),
    Document(f"{ONE}/chart", _chart_of),
    Download(
        f"{ONE}/content",
        _file_of,
        lambda visit: f"{visit.path['explanation'].replace(':', '-')}.csv",
    ),
    Form(
        IMPORTANCE,
        MeasureImportance,
        "Measure feature importance",
        "Measure",
        _onward,
        intro="Each column is permuted by itself and the rows are predicted again: what gets worse "
        "is what the version takes from it.",
        fields=("metric", "columns", "repeats", "rows", "seed"),
        taken={"id": "evaluation"},
        words={
            "metric": Words(label="By which metric", placeholder="As fits the model", help=""),
            "columns": Words(label="Columns", help="None ticked: all of them", later=True),
            "repeats": Words(label="How often each column is permuted", help="", later=True),
            **LATER,
        },
        prepare=_importance,
    ),
    Form(
        DEPENDENCE,
        MeasureDependence,
        "Look at the dependence on a column",
        "Look at it",
        _onward,
        intro="The same value is put into a column of all rows, for one value after another: what "
        "is predicted then on average is the partial dependence.",
        fields=("by", "outcome", "points", "curves", "rows", "seed"),
        taken={"id": "evaluation"},
        words={
            "by": Words(label="Column"),
            "outcome": Words(label="Class", help="Binary: left blank, the class to be found"),
            "points": Words(label="Values at most", help="", later=True),
            "curves": Words(label="Single rows at most", help="", later=True),
            **LATER,
        },
        prepare=_dependence,
    ),
)
