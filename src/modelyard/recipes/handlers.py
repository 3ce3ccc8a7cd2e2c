"""How recipes answer."""

from __future__ import annotations

from collections.abc import Collection
from typing import TypeVar

from modelyard import errors
from modelyard.data.access import kept_name
from modelyard.evaluations.access import check_evaluation
from modelyard.evaluations.asked_types import Evaluating, Standalone
from modelyard.evaluations.types import Evaluation
from modelyard.kernel.bus import handles
from modelyard.kernel.context import Context
from modelyard.kernel.gathered import Gathered
from modelyard.kernel.paging import Page
from modelyard.kernel.values import FILES, Emptied, now
from modelyard.projects.access import require_project
from modelyard.recipes import repository
from modelyard.recipes.commands import (
    CreateRecipe,
    DeleteRecipe,
    ListRecipes,
    RunRecipe,
    SaveEvaluation,
    SaveStandalone,
    ShowRecipe,
    UpdateRecipe,
)
from modelyard.recipes.kinds import command_of, line_of
from modelyard.recipes.types import Recipe, RecipeSummary
from modelyard.scoring.access import check_scoring
from modelyard.scoring.commands import RunScoring
from modelyard.scoring.types import Ends, Scoring, ScoringRun

Settings = TypeVar("Settings", Evaluating, Standalone)
ENDS = Ends.model_fields.keys()
READ_AND_WRITTEN = ("dataset", "reference", "output", "metrics_output")
"""Fields of evaluations that name data."""


@handles(CreateRecipe)
def create_recipe(command: CreateRecipe, context: Context) -> Recipe:
    """Store the scoring under its name, once it could run."""
    wrong = Gathered()
    with wrong.about("name"), context.read() as db:
        repository.require_new(db, command.project, command.name)
    with wrong.about(""):
        given = Scoring.model_validate(command.model_dump(include=set(Scoring.model_fields)))
        scoring = _checked(command.project, given, ENDS, context)
    wrong.tell()
    recipe = Recipe(project=command.project, name=command.name, created=now(), command=scoring)
    with context.begin() as db:
        repository.add(db, recipe)
    return recipe


@handles(SaveEvaluation)
def save_evaluation(command: SaveEvaluation, context: Context) -> Recipe:
    """Store the evaluation under its name, once it could run."""
    settings = Evaluating.model_validate(command.model_dump(include=set(Evaluating.model_fields)))
    file = settings.custom_metrics
    if file is not None and not (context.identity.is_local or file.startswith(FILES)):
        raise errors.Invalid(
            f"{file!r} is not among the project's files, where a recipe finds it; put it there, "
            f"then name it {FILES}…",
            field="custom_metrics",
        )
    recipe = Recipe(
        project=command.project,
        name=command.recipe,
        kind="evaluation",
        created=now(),
        command=_with_kept_names(context, command.project, settings),
    )
    return _saved(context, recipe, replace=command.replace)


@handles(SaveStandalone)
def save_standalone(command: SaveStandalone, context: Context) -> Recipe:
    """Store the standalone evaluation under its name, once it could run."""
    settings = Standalone.model_validate(command.model_dump(include=set(Standalone.model_fields)))
    recipe = Recipe(
        project=command.project,
        name=command.recipe,
        kind="standalone evaluation",
        created=now(),
        command=_with_kept_names(context, command.project, settings),
    )
    return _saved(context, recipe, replace=command.replace)


@handles(UpdateRecipe)
def update_recipe(command: UpdateRecipe, context: Context) -> Recipe:
    """Check what it becomes, and store that."""
    changes = {
        name: getattr(command, name)
        for name, field in UpdateRecipe.model_fields.items()
        if name in command.model_fields_set & Scoring.model_fields.keys()
        and (getattr(command, name) is not None or Emptied.is_mark_of(field))
    }
    if changes.get("params", ()) is None:
        changes["params"] = {}
    with context.read() as db:
        before = repository.get(db, command.project, command.name)
    if not isinstance(before.command, Scoring):
        verb = "standalone" if isinstance(before.command, Standalone) else "evaluation"
        raise errors.Invalid(
            f"{command.name} is the recipe of an evaluation; save it as it is to be by: modelyard "
            f"recipes {verb} {command.name} … --replace"
        )
    scoring = before.command.model_copy(update=changes)
    scoring = _checked(command.project, scoring, ENDS & changes.keys(), context)
    recipe = before.model_copy(update={"command": scoring})
    with context.begin() as db:
        found = repository.get(db, command.project, command.name, lock=True)
        context.unchanged(found)
        if found != before:
            raise errors.Conflict(f"{command.name} was changed meanwhile; look at it and try again")
        repository.save(db, recipe)
    return recipe


@handles(ListRecipes)
def list_recipes(command: ListRecipes, context: Context) -> list[RecipeSummary]:
    """List by name."""
    with context.read() as db:
        require_project(db, command.project)
        found = repository.every(
            db,
            command.project,
            command,
            model=command.model,
            dataset=command.dataset,
            kind=command.kind,
        )
    return Page([line_of(recipe) for recipe in found], following=found.next)


@handles(ShowRecipe)
def show_recipe(command: ShowRecipe, context: Context) -> Recipe:
    """Look the recipe up."""
    with context.read() as db:
        return repository.get(db, command.project, command.name)


@handles(RunRecipe)
def run_recipe(command: RunRecipe, context: Context) -> ScoringRun | Evaluation:
    """Run what the recipe holds."""
    with context.read() as db:
        recipe = repository.get(db, command.project, command.name)
    held = command_of(recipe)
    if isinstance(held, RunScoring):
        return context.caller.run(held)
    return context.caller.run(held)


@handles(DeleteRecipe)
def delete_recipe(command: DeleteRecipe, context: Context) -> None:
    """Delete the row."""
    with context.begin() as db:
        context.unchanged(repository.get(db, command.project, command.name))
        repository.remove(db, command.project, command.name)


def _checked(project: str, scoring: Scoring, given: Collection[str], context: Context) -> Scoring:
    """What a recipe keeps of a scoring that could run; `given` are the ends that its caller gave.

    Raises:
        ModelyardError: it could not run.
    """
    kept = {name: kept_name(context, project, getattr(scoring, name)) for name in given}
    scoring = scoring.model_copy(update=kept)
    checked = check_scoring(project, scoring, context)
    return scoring.model_copy(update={"mode": checked.mode})


def _with_kept_names(context: Context, project: str, settings: Settings) -> Settings:
    """Settings whose data whoever runs them later finds."""
    named = {name: getattr(settings, name, None) for name in READ_AND_WRITTEN}
    kept = {name: kept_name(context, project, text) for name, text in named.items() if text}
    return settings.model_copy(update=kept)


def _saved(context: Context, recipe: Recipe, *, replace: bool) -> Recipe:
    """Store a recipe that could run.

    Raises:
        ModelyardError: it could not run.
        Conflict: its name is taken, or by a recipe of another kind.
    """
    command = command_of(recipe)
    context.authorize(command)
    if not isinstance(command, RunScoring):
        check_evaluation(context, command)
    with context.begin() as db:
        before = repository.find(db, recipe.project, recipe.name, lock=True)
        if before is None or not replace:
            repository.require_new(db, recipe.project, recipe.name)
            repository.add(db, recipe)
            return recipe
        if before.kind != recipe.kind:
            raise errors.Conflict(
                f"the recipe {recipe.name!r} is a {before.kind}; take another name"
            )
        recipe = recipe.model_copy(update={"created": before.created})
        repository.save(db, recipe)
    return recipe
