"""How scoring answers."""

from __future__ import annotations

import platform
from collections.abc import Collection
from datetime import timedelta

from modelyard import errors
from modelyard.data.access import kept_name
from modelyard.kernel.bus import handles
from modelyard.kernel.context import Context
from modelyard.kernel.gathered import Gathered
from modelyard.kernel.paging import Page
from modelyard.kernel.values import Emptied, now
from modelyard.projects.access import require_project
from modelyard.scoring import repository
from modelyard.scoring.attempt import carry_out
from modelyard.scoring.checkpoint import RunFolder, is_held, run_folder
from modelyard.scoring.commands import (
    CreateRecipe,
    DeleteRecipe,
    ListRecipes,
    ListRuns,
    PredictRows,
    RunRecipe,
    RunScoring,
    ShowRecipe,
    ShowRun,
    UpdateRecipe,
)
from modelyard.scoring.plan import check_scoring, make_plan
from modelyard.scoring.predicting import predict_rows
from modelyard.scoring.types import (
    Ends,
    Predictions,
    Recipe,
    RecipeSummary,
    RunSummary,
    Scoring,
    ScoringRun,
)

ENDS = Ends.model_fields.keys()
TAKEN_UP_WITHIN = timedelta(days=7)


@handles(RunScoring)
def run_scoring(command: RunScoring, context: Context) -> ScoringRun:
    """Plan the scoring, then carry it out while no other process does."""
    _mark_interrupted(context)
    plan = make_plan(command.project, _scoring(command), context)
    with RunFolder.held(run_folder(context.folder, plan.identity)) as folder:
        return carry_out(plan, folder, context)


@handles(PredictRows)
def predict(command: PredictRows, context: Context) -> Predictions:
    """Ask a worker that stays loaded."""
    return predict_rows(context, command.project, command, command.rows)


@handles(ListRuns)
def list_runs(command: ListRuns, context: Context) -> list[RunSummary]:
    """List the newest first."""
    _mark_interrupted(context)
    with context.read() as db:
        require_project(db, command.project)
        return repository.list_runs(
            db, command.project, command, model=command.model, dataset=command.dataset
        )


@handles(ShowRun)
def show_run(command: ShowRun, context: Context) -> ScoringRun:
    """Look the run up, with the rows that it has scored by now."""
    _mark_interrupted(context)
    with context.read() as db:
        run = repository.get_run(db, command.project, command.id)
        if run.state == "running":
            finished = repository.chunks_of(db, run.id)
            run = run.model_copy(update={"rows": sum(chunk.rows for chunk in finished)})
    return run


@handles(CreateRecipe)
def create_recipe(command: CreateRecipe, context: Context) -> Recipe:
    """Store the scoring under its name, once it could run."""
    wrong = Gathered()
    with wrong.about("name"), context.read() as db:
        repository.require_new_recipe(db, command.project, command.name)
    with wrong.about(""):
        scoring = _checked(command.project, _scoring(command), ENDS, context)
    wrong.tell()
    recipe = Recipe(project=command.project, name=command.name, created=now(), command=scoring)
    with context.begin() as db:
        repository.add_recipe(db, recipe)
    return recipe


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
        before = repository.get_recipe(db, command.project, command.name)
    scoring = before.command.model_copy(update=changes)
    scoring = _checked(command.project, scoring, ENDS & changes.keys(), context)
    recipe = before.model_copy(update={"command": scoring})
    with context.begin() as db:
        found = repository.get_recipe(db, command.project, command.name, lock=True)
        context.unchanged(found)
        if found != before:
            raise errors.Conflict(f"{command.name} was changed meanwhile; look at it and try again")
        repository.save_recipe(db, recipe)
    return recipe


@handles(ListRecipes)
def list_recipes(command: ListRecipes, context: Context) -> list[RecipeSummary]:
    """List by name."""
    with context.read() as db:
        require_project(db, command.project)
        found = repository.list_recipes(
            db, command.project, command, model=command.model, dataset=command.dataset
        )
    shown = {"model", "version", "mode", "input", "output"}
    lines = [
        RecipeSummary(
            name=recipe.name, created=recipe.created, **recipe.command.model_dump(include=shown)
        )
        for recipe in found
    ]
    return Page(lines, following=found.next)


@handles(ShowRecipe)
def show_recipe(command: ShowRecipe, context: Context) -> Recipe:
    """Look the recipe up."""
    with context.read() as db:
        return repository.get_recipe(db, command.project, command.name)


@handles(RunRecipe)
def run_recipe(command: RunRecipe, context: Context) -> ScoringRun:
    """Run the scoring that the recipe holds."""
    with context.read() as db:
        recipe = repository.get_recipe(db, command.project, command.name)
    fields = recipe.command.model_dump()
    return context.caller.run(RunScoring(project=command.project, **fields))


@handles(DeleteRecipe)
def delete_recipe(command: DeleteRecipe, context: Context) -> None:
    """Delete the row."""
    with context.begin() as db:
        context.unchanged(repository.get_recipe(db, command.project, command.name))
        repository.delete_recipe(db, command.project, command.name)


def _checked(project: str, scoring: Scoring, given: Collection[str], context: Context) -> Scoring:
    """What a recipe keeps of a scoring that could run; `given` are the ends that its caller gave.

    Raises:
        ModelyardError: it could not run.
    """
    kept = {name: kept_name(context, project, getattr(scoring, name)) for name in given}
    scoring = scoring.model_copy(update=kept)
    checked = check_scoring(project, scoring, context)
    return scoring.model_copy(update={"mode": checked.mode})


def _scoring(command: Scoring) -> Scoring:
    return Scoring.model_validate(command.model_dump(include=set(Scoring.model_fields)))


def _mark_interrupted(context: Context) -> None:
    """Say of runs whose process died on this machine that they were; give up old ones."""
    with context.begin() as db:
        for run, identity in repository.runs_in_state(db, "running", "interrupted"):
            folder = run_folder(context.folder, identity)
            if run.host != platform.node() or is_held(folder):
                continue
            if now() - run.started > TAKEN_UP_WITHIN:
                RunFolder(folder).clear()
                problem = f"interrupted, and not taken up within {TAKEN_UP_WITHIN.days} days"
                update = {"state": "failed", "problem": problem}
            else:
                update = {"state": "interrupted"}
            repository.save_run(db, run.model_copy(update=update))
