"""The pages of recipes: those of a project, a new one of a scoring, one with its runs."""

from __future__ import annotations

from collections.abc import Mapping

from modelyard import errors
from modelyard.data.commands import ListDatasets
from modelyard.evaluations.asked_types import Evaluating
from modelyard.evaluations.commands import ListEvaluations
from modelyard.evaluations.types import EvaluationSummary
from modelyard.models.commands import ListModels, ListVersions
from modelyard.recipes.commands import (
    CreateRecipe,
    DeleteRecipe,
    ListRecipes,
    RunRecipe,
    ShowRecipe,
    UpdateRecipe,
)
from modelyard.recipes.types import Recipe, RecipeSummary
from modelyard.scoring.commands import ListRuns
from modelyard.scoring.types import RunSummary, Scoring
from modelyard.web.pages.form import Also, Choices, Draft, Form, Words
from modelyard.web.pages.page import Crumb, ListView, Nav, Page, View, Visit, address, place_in_list
from modelyard.web.pages.projects import crumb as project_crumb
from modelyard.web.submitting import as_job

ALL = "/projects/{project}/recipes"
ONE = "/projects/{project}/recipes/{recipe}"
PART = 50
MOST = 500
FEW = 20
EDITING = "It is checked when it is saved. Runs that are under way go on as they began."
FIELDS = (
    "model", "version", "input", "output", "mode", "on_error", "keep", "threshold",
    "probabilities", "percentile", "metadata", "params", "batch_rows", "workers",
)  # fmt: skip
WORDS = {
    "name": Words(placeholder="score-june", mono=True),
    "model": Words(label="Saved model", needed=True, renews="version"),
    "version": Words(help="", placeholder="Whichever is active when it runs"),
    "input": Words(
        label="Rows to score",
        help="A dataset, or the path of a file, folder or table",
        kind="text",
        placeholder="flights-june",
        mono=True,
        needed=True,
    ),
    "output": Words(
        label="Where to write",
        help="A dataset to overwrite, or a path ending in .parquet, .csv or .jsonl; it is "
        "replaced when all is scored",
        kind="text",
        placeholder="files://scored.parquet",
        mono=True,
        needed=True,
    ),
    "mode": Words(
        help="Restructured: prediction and a probability per class. Direct: what the model returns",
        placeholder="What suits the model",
        later=True,
    ),
    "on_error": Words(label="Rows that the model refuses", help="", kind="segments"),
    "keep": Words(
        label="Columns to keep",
        help="Input columns to write beside the predictions, one a line; all of them if left blank",
        later=True,
        mono=True,
    ),
    "threshold": Words(help="Of two classes, in place of the version's own", later=True),
    "probabilities": Words(
        label="Write one probability per class", help="", kind="tick", later=True
    ),
    "percentile": Words(
        label="Write the percentile of the positive class's probability",
        help="Of two classes: its rank from 1 to 100 among the rows of a run",
        kind="tick",
        later=True,
    ),
    "metadata": Words(
        label="Write which version predicted, and when",
        help="In columns that begin with smmd_",
        kind="tick",
        later=True,
    ),
    "params": Words(label="Parameters of the model", help="As JSON", later=True),
    "batch_rows": Words(
        label="Rows at a time", help="As their width allows, if left blank", later=True
    ),
    "workers": Words(
        label="Worker processes", help="As the settings say, if left blank", later=True
    ),
}


class RecipesView(ListView):
    """A part of a project's recipes."""

    project: str
    recipes: tuple[RecipeSummary, ...]
    model: str
    dataset: str
    """Those that an example may name; empty if the project has none."""
    may_score: bool


class RecipeView(View):
    """One recipe, and the last runs that wrote its output, or evaluations of its dataset."""

    recipe: Recipe
    runs: tuple[RunSummary, ...]
    evaluations: tuple[EvaluationSummary, ...]
    may_score: bool


def href(project: str, recipe: str) -> str:
    """The address of a recipe."""
    return address(ONE, project=project, recipe=recipe)


def recipes(visit: Visit) -> RecipesView:
    """A part of the list."""
    key = visit.path["project"]
    found = visit.part(ListRecipes(project=key, limit=PART, after=visit.asked("after") or None))
    models = visit.part(ListModels(project=key, limit=1))
    tables = visit.part(ListDatasets(project=key, limit=1))
    return RecipesView(
        title="Recipes",
        crumbs=(project_crumb(key),),
        project=key,
        recipes=tuple(found),
        **place_in_list(found),
        model=next((each.name for each in models), ""),
        dataset=next((each.name for each in tables), ""),
        may_score=visit.may("scoring:write"),
    )


def recipe(visit: Visit) -> RecipeView:
    """Look it up, with its runs."""
    found = shown(visit)
    key, how = found.project, found.command
    runs: list[RunSummary] = []
    made: list[EvaluationSummary] = []
    if isinstance(how, Scoring):
        asked = ListRuns(project=key, model=how.model, dataset=how.output, limit=FEW)
        runs = visit.part(asked)
    else:
        model = how.model if isinstance(how, Evaluating) else None
        made = visit.part(ListEvaluations(project=key, model=model, dataset=how.dataset, limit=FEW))
    return RecipeView(
        title=found.name,
        crumbs=crumbs(key),
        recipe=found,
        runs=tuple(runs),
        evaluations=tuple(made),
        may_score=visit.may("scoring:write"),
    )


def shown(visit: Visit) -> Recipe:
    """The recipe that the address names."""
    return visit.run(ShowRecipe(project=visit.path["project"], name=visit.path["recipe"]))


def crumbs(project: str, name: str = "") -> tuple[Crumb, ...]:
    """The recipes of a project above a page, and one of them."""
    above = (
        project_crumb(project),
        Crumb(label="Recipes", href=address(ALL, project=project)),
    )
    return (*above, Crumb(label=name, href=href(project, name))) if name else above


def _new(visit: Visit) -> Draft:
    key = visit.path["project"]
    asked = ("model", "version", "input")
    return Draft(
        crumbs=crumbs(key),
        proposed={name: text for name in asked if (text := visit.asked(name))},
        choices=_choices(visit),
    )


def _edited(visit: Visit) -> Draft:
    found = shown(visit)
    held = found.command
    if not isinstance(held, Scoring):
        raise errors.Unsupported("this recipe evaluates; Edit on its page leads to its own form")
    values = {name: getattr(held, name) for name in FIELDS}
    if visit.asked("model") not in ("", held.model):
        values["version"] = None
    if held.keep == ():
        values["keep"] = ("none",)
    return Draft(
        crumbs=crumbs(found.project, found.name),
        title=f"Edit {found.name}",
        values=values,
        choices=_choices(visit),
        seen=found,
    )


def _choices(visit: Visit) -> dict[str, Choices]:
    key = visit.path["project"]
    known = visit.part(ListModels(project=key, limit=MOST))
    tables = [(each.name, "") for each in visit.part(ListDatasets(project=key, limit=MOST))]
    return {
        "model": [(each.name, each.name) for each in known],
        "input": tables,
        "output": tables,
        "on_error": [("fail", "Fail the run"), ("skip", "Leave them out")],
    }


def _versions(visit: Visit, draft: Draft, given: Mapping[str, str]) -> Mapping[str, Choices]:
    """The versions of the chosen model."""
    model = given["model"] or draft.values.get("model", "")
    known = dict(draft.choices["model"])
    if model not in known:
        return {"version": ()}
    found = visit.part(ListVersions(project=visit.path["project"], model=model, limit=MOST))
    return {
        "version": [
            (each.version, f"{each.version}, active now" if each.active else each.version)
            for each in found
        ]
    }


def _run_it(visit: Visit, made: Recipe) -> str:
    """Run what was saved; gives the address of the job."""
    asked = RunRecipe(project=made.project, name=made.name)
    return address("/jobs/{id}", id=visit.run(as_job("recipes.run", asked)).id)


SAVE_AND_RUN = Also("Save and run", _run_it, lambda made: f"{made.name} is saved and running.")


def _deleted(visit: Visit) -> Draft:
    seen = shown(visit)
    return Draft(crumbs=crumbs(seen.project, seen.name), title=f"Delete {seen.name}", seen=seen)


def _run(visit: Visit) -> Draft:
    return Draft(crumbs=crumbs(visit.path["project"], visit.path["recipe"]))


PAGES: tuple[Page | Form, ...] = (
    Page(ALL, recipes, "recipes.html", Nav("Recipes", "bolt")),
    Form(
        "/projects/{project}/new-recipe",
        CreateRecipe,
        "New scoring recipe",
        "Save recipe",
        lambda _visit, made: href(made.project, made.name),
        intro="A recipe scores a dataset with a saved model, whenever it is run. It is checked "
        "when it is saved.",
        said=lambda made: f"{made.name} is saved. Run it now, or let a scenario do it.",
        fields=("name", *FIELDS),
        words=WORDS,
        prepare=_new,
        depending=_versions,
        also=SAVE_AND_RUN,
    ),
    Page(ONE, recipe, "recipe.html"),
    Form(
        f"{ONE}/edit",
        UpdateRecipe,
        "Edit recipe",
        "Save",
        lambda _visit, made: href(made.project, made.name),
        intro=EDITING,
        said="The recipe is saved.",
        fields=FIELDS,
        words=WORDS,
        taken={"name": "recipe"},
        prepare=_edited,
        depending=_versions,
        also=SAVE_AND_RUN,
    ),
    Form(
        f"{ONE}/run",
        RunRecipe,
        "Run recipe",
        "Run recipe",
        lambda visit, _made: href(visit.path["project"], visit.path["recipe"]),
        intro="It scores its input as it is now; the output is replaced when all is scored.",
        taken={"name": "recipe"},
        prepare=_run,
    ),
    Form(
        f"{ONE}/delete",
        DeleteRecipe,
        "Delete recipe",
        "Delete recipe",
        lambda visit, _made: address(ALL, project=visit.path["project"]),
        intro="What it wrote stays.",
        said="The recipe is deleted; what it wrote stays.",
        taken={"name": "recipe"},
        prepare=_deleted,
        dangerous=True,
    ),
)  # fmt: skip
