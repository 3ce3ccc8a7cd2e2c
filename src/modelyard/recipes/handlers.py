"""How recipes answer."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, TypeAlias

from pydantic import ValidationError

from modelyard import errors
from modelyard.data.access import kept_name
from modelyard.evaluations.access import check_evaluation
from modelyard.evaluations.asked_types import Evaluating, Standalone
from modelyard.evaluations.types import Evaluation
from modelyard.kernel.bus import handles
from modelyard.kernel.context import Context
from modelyard.kernel.faults import invalid
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

Settings: TypeAlias = Evaluating | Standalone
ENDS = Ends.model_fields.keys()
READ_AND_WRITTEN = ("dataset", "reference", "training", "output", "metrics_output")
"""Fields of evaluations that name data."""
DIFFERENT = {"probabilities"}
"""Options of scorings that mean something else in evaluations."""


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
    recipe = Recipe(
        project=command.project,
        name=command.recipe,
        kind="evaluation",
        created=now(),
        command=_with_kept_names(context, command.project, settings, type(settings).model_fields),
    )
    return _saved(context, recipe, replace=command.replace)


@handles(SaveStandalone)
def save_standalone(command: SaveStandalone, context: Context) -> Recipe:
    """Store the standalone evaluation under its name, once it could run."""
    settings = Standalone.model_validate(command.model_dump(include=set(Standalone.model_fields)))
    recipe = Recipe(
        project=command.project,
        name=command.recipe,
        kind="standalone",
        created=now(),
        command=_with_kept_names(context, command.project, settings, type(settings).model_fields),
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
    with context.read() as db:
        before = repository.get(db, command.project, command.name)
    how = before.command
    after: Scoring | Settings
    if isinstance(how, Scoring):
        after = _changed_scoring(command, how, changes, context)
    else:
        after = _changed_evaluation(command, how, changes, context)
    recipe = before.model_copy(update={"command": after})
    _require_possible(context, recipe)
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
            kinds=command.kind,
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


def _changed_scoring(
    command: UpdateRecipe, before: Scoring, changes: dict[str, Any], context: Context
) -> Scoring:
    """The scoring that a recipe is to hold.

    Raises:
        Invalid: it was given settings of evaluations.
        ModelyardError: it could not run.
    """
    if command.setting:
        raise errors.Invalid(
            f"{command.name} is a recipe of a scoring, which is changed by the other options; "
            "--setting is for those of evaluations",
            field="setting",
        )
    if changes.get("params", ()) is None:
        changes["params"] = {}
    after = before.model_copy(update=changes)
    return _checked(command.project, after, ENDS & changes.keys(), context)


def _changed_evaluation(
    command: UpdateRecipe, before: Settings, changes: dict[str, Any], context: Context
) -> Settings:
    """The evaluation that a recipe is to hold.

    Raises:
        NotFound: there is no such setting.
        Invalid: an option is of scorings, or a value is none that the setting has.
    """
    kind = type(before)
    for name in changes:
        if name not in kind.model_fields.keys() - DIFFERENT:
            raise errors.Invalid(
                f"--{name.replace('_', '-')} is of scorings, and {command.name} is a recipe of "
                "an evaluation; change that by --setting name=value",
                field=name,
            )
    for name in command.setting:
        if name not in kind.model_fields:
            raise errors.NotFound.among("setting", name, kind.model_fields)
    settings = {name: None if value == "" else value for name, value in command.setting.items()}
    given = {**changes, **settings}
    rest = before.model_dump(exclude=set(given))
    try:
        after = kind.model_validate(
            rest | {name: value for name, value in given.items() if value is not None}
        )
    except ValidationError as exc:
        raise invalid(exc) from None
    return _with_kept_names(context, command.project, after, given.keys())


def _with_kept_names(
    context: Context, project: str, settings: Settings, given: Collection[str]
) -> Settings:
    """Settings whose data whoever runs them later finds; `given` are those that a caller gave.

    Raises:
        Invalid: the file of custom metrics is where no recipe finds it.
    """
    file = getattr(settings, "custom_metrics", None) if "custom_metrics" in given else None
    if file is not None and not (context.identity.is_local or file.startswith(FILES)):
        raise errors.Invalid(
            f"{file!r} is not among the project's files, where a recipe finds it; put it there, "
            f"then name it {FILES}…",
            field="custom_metrics",
        )
    named = {name: getattr(settings, name, None) for name in READ_AND_WRITTEN if name in given}
    kept = {name: kept_name(context, project, text) for name, text in named.items() if text}
    return settings.model_copy(update=kept)


def _saved(context: Context, recipe: Recipe, *, replace: bool) -> Recipe:
    """Store the recipe of an evaluation that could run.

    Raises:
        ModelyardError: it could not run.
        Conflict: its name is taken, or by a recipe of another kind.
    """
    _require_possible(context, recipe)
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


def _require_possible(context: Context, recipe: Recipe) -> None:
    """Refuse the recipe of an evaluation that could not run; that of a scoring is checked before.

    Raises:
        ModelyardError: it could not run.
    """
    command = command_of(recipe)
    if not isinstance(command, RunScoring):
        context.authorize(command)
        check_evaluation(context, command)
