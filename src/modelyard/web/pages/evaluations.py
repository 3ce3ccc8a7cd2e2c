"""The pages of evaluations: those of a project and of a saved model, a new one."""

from __future__ import annotations

from typing import Any

from modelyard.data.commands import ListDatasets
from modelyard.evaluations.commands import (
    DeleteEvaluation,
    EvaluateStandalone,
    ListEvaluations,
    RunEvaluation,
    ShowEvaluation,
)
from modelyard.evaluations.types import EvaluationSummary
from modelyard.evaluations.words import title_of
from modelyard.models.commands import ListModels, ListVersions
from modelyard.models.types import VersionSummary
from modelyard.web.pages import models, stores
from modelyard.web.pages.evaluation_fields import (
    EVALUATING,
    NAMED,
    STANDALONE,
    STANDALONE_WORDS,
    WORDS,
    drafted,
    versions_of_the_model,
)
from modelyard.web.pages.form import Draft, Form
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
NEW_STANDALONE = "/projects/{project}/new-standalone-evaluation"
EVALUATE = "evaluations.standalone"
MADE[RUN] = MADE[EVALUATE] = "/projects/{project}/evaluations/{made}"
FILLED[RUN], FILLED[EVALUATE] = NEW, NEW_STANDALONE


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
    """For a saved model or a store that the address names, which leads back there."""
    key = visit.path["project"]
    given = given_to_job(visit, RUN) or _named(visit)
    above = models.crumbs(key, given["model"]) if given.get("model") else crumbs(key)
    return drafted(visit, given, _store_crumbs(visit) or above)


def _new_standalone(visit: Visit) -> Draft:
    """As the one for a saved model; there is none."""
    given = given_to_job(visit, EVALUATE) or {**_named(visit), "model": ""}
    return drafted(visit, given, _store_crumbs(visit) or crumbs(visit.path["project"]))


def _named(visit: Visit) -> dict[str, Any]:
    return {name: visit.asked(name) for name in NAMED}


def _store_crumbs(visit: Visit) -> tuple[Crumb, ...]:
    """The store that the address names above a page; nothing if it names none."""
    key, store = visit.path["project"], visit.asked("store")
    return (*stores.crumbs(key), stores.crumb(key, store)) if store else ()


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
        fields=EVALUATING,
        words=WORDS,
        prepare=_new,
        depending=versions_of_the_model,
        template="evaluation_form.html",
    ),
    Form(
        NEW_STANDALONE,
        EvaluateStandalone,
        "New evaluation of a scored dataset",
        "Evaluate",
        _made,
        intro="Something else made the predictions, and no saved model is needed: all metrics and "
        "screens are computed from what the dataset holds.",
        fields=STANDALONE,
        words=STANDALONE_WORDS,
        prepare=_new_standalone,
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
)
