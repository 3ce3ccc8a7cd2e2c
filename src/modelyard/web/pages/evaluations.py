"""The pages of evaluations: those of a project and of a saved model, a new one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelyard.data.commands import ListDatasets
from modelyard.evaluations.commands import (
    DeleteEvaluation,
    ListEvaluations,
    RunEvaluation,
    ShowEvaluation,
)
from modelyard.evaluations.types import EvaluationSummary
from modelyard.evaluations.words import title_of
from modelyard.models.commands import ListModels, ListVersions
from modelyard.models.types import SavedModel, VersionSummary
from modelyard.runtime.types import PredictionType
from modelyard.web.pages import models
from modelyard.web.pages.form import Choices, Draft, Form, Words
from modelyard.web.pages.jobs import FILLED, MADE, given_to_job
from modelyard.web.pages.page import Crumb, ListView, Nav, Page, Visit, address, place_in_list
from modelyard.web.pages.projects import crumb as project_crumb

ALL = "/projects/{project}/evaluations"
ONE = "/projects/{project}/evaluations/{evaluation}"
NEW = "/projects/{project}/new-evaluation"
OF_MODEL = f"{models.ONE}/evaluations"
PART = 50
MOST = 500
RUN = "evaluations.run"
MADE[RUN] = MADE["evaluations.standalone"] = "/projects/{project}/evaluations/{made}"
FILLED[RUN] = NEW

BINARY = frozenset({"positive", "threshold", "optimise", "gains", "lift_share"})
FITTING: Mapping[PredictionType, frozenset[str]] = {
    "binary_classification": BINARY,
    "multiclass": frozenset({"averaging"}),
    "regression": frozenset(),
    "other": frozenset(),
}
"""The fields that are about some prediction types only."""
SAMPLINGS = {
    "none": "All rows",
    "first": "The first rows",
    "random_ratio": "A share of the rows, at random",
    "random_count": "So many rows, at random",
    "column_values": "All rows of some values of a column, at random",
    "rebalance_ratio": "As many of each value of a column: a share of the rows",
    "rebalance_count": "As many of each value of a column: so many rows",
    "first_sorted": "The first rows in the order of a column",
}
OPTIMISED = {
    "f1": "F1",
    "accuracy": "Accuracy",
    "precision": "Precision",
    "recall": "Recall",
    "mcc": "Matthews correlation",
    "hammingLoss": "Hamming loss",
    "costMatrixGain": "Cost-matrix gain",
}
GAINS = {
    "true_positive": "Worth of a true positive",
    "false_positive": "Worth of a false positive",
    "true_negative": "Worth of a true negative",
    "false_negative": "Worth of a false negative",
}


class EvaluationsView(ListView):
    """A part of a project's evaluations."""

    project: str
    evaluations: tuple[EvaluationSummary, ...]
    models: tuple[str, ...]
    versions: tuple[VersionSummary, ...]
    """Those of the saved model that is asked for."""
    datasets: tuple[str, ...]
    may_evaluate: bool


class ModelEvaluationsView(ListView, models.ModelView):
    """A part of a saved model's evaluations."""

    evaluations: tuple[EvaluationSummary, ...]
    dataset: str
    """One that an example may name; empty if the project has none."""
    may_evaluate: bool


def href(project: str, evaluation: str) -> str:
    """The address of an evaluation."""
    return address(ONE, project=project, evaluation=evaluation)


def crumbs(project: str) -> tuple[Crumb, ...]:
    """The evaluations of a project above a page."""
    return (
        project_crumb(project),
        Crumb(label="Evaluations", href=address(ALL, project=project)),
    )


def evaluations(visit: Visit) -> EvaluationsView:
    """A part of the list, with what it can be filtered by."""
    key = visit.path["project"]
    model = visit.asked("model")
    asked = ListEvaluations(
        project=key,
        limit=PART,
        after=visit.asked("after") or None,
        model=model or None,
        version=visit.asked("version") or None,
        dataset=visit.asked("dataset") or None,
        store=visit.asked("store") or None,
    )
    found = visit.part(asked)
    known = [each.name for each in visit.part(ListModels(project=key, limit=MOST))]
    versions: list[VersionSummary] = []
    if model in known:
        versions = visit.part(ListVersions(project=key, model=model, limit=MOST))
    return EvaluationsView(
        title="Evaluations",
        crumbs=(project_crumb(key),),
        project=key,
        evaluations=tuple(found),
        **place_in_list(found),
        models=tuple(known),
        versions=tuple(versions),
        datasets=tuple(each.name for each in visit.part(ListDatasets(project=key, limit=MOST))),
        may_evaluate=visit.may("evaluations:write"),
    )


def of_model(visit: Visit) -> ModelEvaluationsView:
    """A part of a saved model's evaluations."""
    view = models.shown(visit)
    name, after = view.model.name, visit.asked("after") or None
    asked = ListEvaluations(project=view.model.project, model=name, limit=PART, after=after)
    found = visit.part(asked)
    datasets = visit.part(ListDatasets(project=view.model.project, limit=1))
    return ModelEvaluationsView(
        **dict(view),
        evaluations=tuple(found),
        dataset=next((each.name for each in datasets), ""),
        **place_in_list(found),
        may_evaluate=visit.may("evaluations:write"),
    )


def _new(visit: Visit) -> Draft:
    """For a saved model that the address names only what fits it is asked for."""
    key = visit.path["project"]
    named = {name: visit.asked(name) for name in ("model", "version", "dataset", "target")}
    given: dict[str, Any] = given_to_job(visit, RUN) or named
    known = visit.part(ListModels(project=key, limit=MOST))
    model = next((each for each in known if each.name == given.get("model")), None)
    tables = [(each.name, "") for each in visit.part(ListDatasets(project=key, limit=MOST))]
    gains = RunEvaluation.model_fields["gains"].default.model_dump() | dict(given.get("gains", {}))
    return Draft(
        crumbs=crumbs(key) if model is None else models.crumbs(key, model.name),
        title=f"Evaluate {model.name}" if model else "",
        proposed={name: value for name, value in given.items() if value and name != "gains"},
        values={"gains": gains},
        choices={
            "model": [(each.name, each.name) for each in known],
            "dataset": tables,
            "optimise": list(OPTIMISED.items()),
            "averaging": [("weighted", "By their rows"), ("macro", "All alike")],
            "method": list(SAMPLINGS.items()),
            "on_error": [("fail", "Fail the evaluation"), ("skip", "Leave them out")],
        },
        fixed={"model": model.name} if model else {},
        left_out=_unfit(model),
    )


def _unfit(model: SavedModel | None) -> frozenset[str]:
    """The fields that make no sense for a model, and which model, where that is known."""
    if model is None:
        return frozenset()
    every = frozenset[str]().union(*FITTING.values())
    return every - FITTING[model.prediction_type] | {"model"}


def _versions(visit: Visit, draft: Draft, given: Mapping[str, str]) -> Mapping[str, Choices]:
    """The versions of the chosen model."""
    model, known = draft.fixed.get("model") or given["model"], dict(draft.choices["model"])
    if model not in known:
        return {"version": ()}
    found = visit.part(ListVersions(project=visit.path["project"], model=model, limit=MOST))
    return {
        "version": [
            (each.version, f"{each.version}, active now" if each.active else each.version)
            for each in found
        ]
    }


def _deleted(visit: Visit) -> Draft:
    key, identifier = visit.path["project"], visit.path["evaluation"]
    seen = visit.run(ShowEvaluation(project=key, id=identifier))
    above = Crumb(label=title_of(seen), href=href(key, identifier))
    return Draft(crumbs=(*crumbs(key), above), seen=seen)


def _made(visit: Visit, made: Any) -> str:
    return href(visit.path["project"], made.id)


PAGES: tuple[Page | Form, ...] = (
    Page(ALL, evaluations, "evaluations.html", Nav("Evaluations", "chart-line")),
    Page(OF_MODEL, of_model, "model_evaluations.html"),
    Form(
        NEW,
        RunEvaluation,
        "New evaluation",
        "Evaluate",
        _made,
        intro="A version scores rows whose truth is known; all metrics and screens are computed "
        "from what comes out, and kept as they are.",
        fields=(
            "model", "version", "dataset", "target", "threshold", "optimise", "positive",
            "averaging", "weights", "on_error", "method", "rows", "ratio", "column", "descending",
            "seed", "gains", "lift_share", "assertions", "custom_metrics", "confidence", "params",
            "explain",
        ),
        words={
            "model": Words(label="Saved model", renews="version"),
            "version": Words(help="", placeholder="The active version"),
            "dataset": Words(
                label="Rows with the truth",
                help="A dataset, or the path of a file, folder or table",
                kind="text",
                placeholder="flights-june",
                mono=True,
            ),
            "target": Words(
                label="Target",
                help="The column that holds the truth; left blank, the version's own target",
                mono=True,
            ),
            "threshold": Words(
                help="Binary: from this probability up it is the class to be found; left blank, "
                "the version's own threshold is kept"
            ),
            "optimise": Words(
                label="Or the best threshold for",
                help="Binary: the threshold at which this metric is best on these rows",
                placeholder="Keep the threshold",
            ),
            "positive": Words(
                label="Class to be found",
                help="Binary: left blank, the second class of the version",
                kind="text",
                later=True,
                mono=True,
            ),
            "averaging": Words(label="Classes count", help="", kind="segments"),
            "weights": Words(label="Weights of rows", help="A column of numbers", mono=True,
                             later=True),
            "on_error": Words(label="Rows that the model refuses", help="", kind="segments",
                              later=True),
            "method": Words(label="Which rows", help="", later=True),
            "rows": Words(label="How many rows", help="Where the choice above takes a number",
                          later=True),
            "ratio": Words(label="Share of the rows", help="From 0 to 1, where it takes a share",
                           later=True),
            "column": Words(label="Column that decides", help="Where it takes a column",
                            mono=True, later=True),
            "descending": Words(label="The largest first", help="", later=True),
            "seed": Words(help="Another one takes other rows", later=True),
            "gains": Words(
                label="What a row of each kind is worth",
                help="The gain of an evaluation is the mean of its rows",
                kind="named",
                later=True,
            ),
            **{f"gains.{name}": Words(label=label) for name, label in GAINS.items()},
            "lift_share": Words(
                label="Share of the rows at which lift is told",
                help="Of the likeliest ones, from 0 to 1",
                later=True,
            ),
            "custom_metrics": Words(label="File of further metrics", later=True),
            "assertions": Words(
                help="What has to be predicted for some rows, as a JSON list",
                placeholder='[{"name": "young", "where": "age < 30", "expect": ["no"], '
                '"ratio": 0.9}]',
                kind="json",
                later=True,
            ),
            "confidence": Words(label="Level of the intervals", help="", later=True),
            "params": Words(label="Parameters of the model", help="", later=True),
            "explain": Words(
                label="Also what takes long: worst slices and feature importance",
                help="Both can be asked for afterwards, too",
                later=True,
            ),
        },
        prepare=_new,
        depending=_versions,
    ),
    Form(
        f"{ONE}/delete",
        DeleteEvaluation,
        "Delete evaluation",
        "Delete evaluation",
        lambda visit, _made: address(ALL, project=visit.path["project"]),
        intro="Its scored rows and results go with it. This cannot be undone.",
        said="The evaluation is deleted.",
        taken={"id": "evaluation"},
        prepare=_deleted,
        dangerous=True,
    ),
)  # fmt: skip
