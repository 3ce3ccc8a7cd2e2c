"""The pages of saved models: those of a project, one with its versions, its users, its history."""

from __future__ import annotations

from typing import Literal, get_args

from modelyard.models.commands import (
    CreateModel,
    DeleteModel,
    ListActivations,
    ListModels,
    ListUsages,
    ListVersions,
    RollBack,
    ShowModel,
    UpdateModel,
)
from modelyard.models.types import Activation, SavedModel, Usage, VersionSummary
from modelyard.runtime.types import PredictionType
from modelyard.web.pages.activity import activity_of, may_read_activity
from modelyard.web.pages.form import Draft, Form, Words
from modelyard.web.pages.governed_badge import GovernedView, governed
from modelyard.web.pages.home import Happening, offered
from modelyard.web.pages.page import (
    Crumb,
    ListView,
    Nav,
    Page,
    Visit,
    Way,
    address,
    place_in_list,
)
from modelyard.web.pages.projects import crumb as project_crumb

ALL = "/projects/{project}/models"
ONE = "/projects/{project}/models/{model}"
PART = 50
MOST = 100
FEW = 5
TYPES: tuple[PredictionType, ...] = get_args(PredictionType)
TYPE_WORDS = {
    "binary_classification": "Binary classification: one of two classes",
    "multiclass": "Multiclass: one of several classes",
    "regression": "Regression: a number",
    "other": "Other: scored as it comes, not interpreted",
}
ModelSort = Literal["name", "changed"]
MODEL_SORTS: tuple[ModelSort, ...] = get_args(ModelSort)
VersionSort = Literal["imported", "trained", "version", "size"]
VERSION_SORTS: tuple[VersionSort, ...] = get_args(VersionSort)


class ModelsView(ListView):
    """A part of a project's saved models."""

    project: str
    models: tuple[SavedModel, ...]
    types: tuple[PredictionType, ...]
    wanted: PredictionType | None
    """The prediction type that alone is shown."""
    may_write: bool
    ways: tuple[Way, ...]


class ModelView(GovernedView):
    """What all pages about one saved model show."""

    model: SavedModel
    usages: tuple[Usage, ...]
    """The first recipes that use it."""
    may_write: bool
    may_read_activity: bool


class VersionsView(ListView, ModelView):
    """A part of its versions."""

    versions: tuple[VersionSummary, ...]
    activations: tuple[Activation, ...]
    """The newest."""


class ActivityView(ModelView):
    """What was done to it."""

    happened: tuple[Happening, ...]


def href(project: str, model: str) -> str:
    """The address of a saved model."""
    return address(ONE, project=project, model=model)


def crumbs(project: str, model: str = "") -> tuple[Crumb, ...]:
    """The saved models of a project above a page, and one of them."""
    above = (
        project_crumb(project),
        Crumb(label="Saved models", href=address(ALL, project=project)),
    )
    return (*above, Crumb(label=model, href=href(project, model))) if model else above


def pages(ways: tuple[Way, ...]) -> tuple[Page | Form, ...]:
    """The pages; where there is no model yet, these ways to one are offered."""

    def models(visit: Visit) -> ModelsView:
        key = visit.path["project"]
        wanted = visit.one_of("type", TYPES)
        found = visit.part(
            ListModels(
                project=key,
                limit=PART,
                after=visit.asked("after") or None,
                search=visit.asked("search"),
                prediction_type=wanted,
                sort=visit.one_of("sort", MODEL_SORTS) or "name",
            )
        )
        may_write = visit.may("models:write")
        return ModelsView(
            title="Saved models",
            crumbs=(project_crumb(key),),
            project=key,
            models=tuple(found),
            **place_in_list(found),
            types=TYPES,
            wanted=wanted,
            may_write=may_write,
            ways=offered(ways, visit.account) if may_write else (),
        )

    return (Page(ALL, models, "models.html", Nav("Saved models", "box")), *PAGES)


def versions(visit: Visit) -> VersionsView:
    """A saved model with a part of its versions."""
    view = shown(visit)
    found = visit.part(
        ListVersions(
            project=view.model.project,
            model=view.model.name,
            limit=PART,
            after=visit.asked("after") or None,
            search=visit.asked("search"),
            sort=visit.one_of("sort", VERSION_SORTS) or "imported",
        )
    )
    history = ListActivations(project=view.model.project, model=view.model.name, limit=FEW)
    return VersionsView(
        **dict(view),
        versions=tuple(found),
        activations=tuple(visit.part(history)),
        **place_in_list(found),
    )


def activity(visit: Visit) -> ActivityView:
    """What was done to a saved model and its versions."""
    view = shown(visit)
    happened = activity_of(visit, view.model.project, view.model.name)
    return ActivityView(**dict(view), happened=happened)


def shown(visit: Visit) -> ModelView:
    """The saved model of the address, with what pages about it share."""
    key, name = visit.path["project"], visit.path["model"]
    return ModelView(
        title=name,
        crumbs=crumbs(key),
        model=visit.run(ShowModel(project=key, name=name)),
        governed=governed(visit, "model", key, name),
        usages=tuple(visit.part(ListUsages(project=key, name=name, limit=MOST))),
        may_write=visit.may("models:write"),
        may_read_activity=may_read_activity(visit),
    )


def _new(visit: Visit) -> Draft:
    choices = {"prediction_type": list(TYPE_WORDS.items())}
    return Draft(crumbs=crumbs(visit.path["project"]), choices=choices)


def _edited(visit: Visit) -> Draft:
    key, name = visit.path["project"], visit.path["model"]
    found = visit.run(ShowModel(project=key, name=name))
    return Draft(
        crumbs=crumbs(key, name),
        values={"description": found.description},
        seen=found,
        title=f"Edit {name}",
    )


def _rolled_back(visit: Visit) -> Draft:
    return Draft(crumbs=crumbs(visit.path["project"], visit.path["model"]))


def _deleted(visit: Visit) -> Draft:
    key, name = visit.path["project"], visit.path["model"]
    return Draft(crumbs=crumbs(key, name), title=f"Delete {name}")


PAGES: tuple[Page | Form, ...] = (
    Form(
        "/projects/{project}/new-model",
        CreateModel,
        "New saved model",
        "Create saved model",
        lambda _visit, made: href(made.project, made.name),
        intro="A saved model keeps versions of what predicts the same; one of them is active.",
        said=lambda made: f"{made.name} is created. Import its first version next.",
        fields=("name", "prediction_type", "description"),
        words={"name": Words(placeholder="arrival-delay", mono=True)},
        prepare=_new,
    ),
    Page(ONE, versions, "model.html"),
    Page(f"{ONE}/recipes", shown, "model_recipes.html"),
    Page(f"{ONE}/activity", activity, "model_activity.html"),
    Form(
        f"{ONE}/edit",
        UpdateModel,
        "Edit saved model",
        "Save",
        lambda _visit, made: href(made.project, made.name),
        said="The saved model is saved.",
        fields=("description",),
        taken={"name": "model"},
        prepare=_edited,
    ),
    Form(
        f"{ONE}/rollback",
        RollBack,
        "Roll back",
        "Roll back",
        lambda _visit, made: href(made.project, made.name),
        intro="The version that was active before becomes active again.",
        said=lambda made: f"{made.active_version} is the active version of {made.name} again.",
        prepare=_rolled_back,
    ),
    Form(
        f"{ONE}/delete",
        DeleteModel,
        "Delete saved model",
        "Delete saved model",
        lambda visit, _made: address(ALL, project=visit.path["project"]),
        intro="This cannot be undone.",
        said="The saved model is deleted.",
        fields=("force",),
        words={
            "force": Words(label="Delete it with its versions, even if recipes use it", help="")
        },
        taken={"name": "model"},
        prepare=_deleted,
        dangerous=True,
    ),
)
