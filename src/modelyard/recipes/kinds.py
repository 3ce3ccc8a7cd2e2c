"""What kinds of recipes there are: the command of each, how it is checked, what is said of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelyard.evaluations.asked_types import Evaluating, Standalone
from modelyard.evaluations.commands import EvaluateStandalone, RunEvaluation
from modelyard.recipes.types import Recipe, RecipeKind, RecipeSummary
from modelyard.scoring.commands import RunScoring
from modelyard.scoring.types import Scoring

COMMANDS: Mapping[RecipeKind, type[RunScoring | RunEvaluation | EvaluateStandalone]] = {
    "scoring": RunScoring,
    "evaluation": RunEvaluation,
    "standalone": EvaluateStandalone,
}
"""The command that a recipe of each kind runs."""


def command_of(recipe: Recipe) -> RunScoring | RunEvaluation | EvaluateStandalone:
    """The command that a recipe runs."""
    return COMMANDS[recipe.kind](project=recipe.project, **recipe.command.model_dump())


def line_of(recipe: Recipe) -> RecipeSummary:
    """A recipe as one line of a list."""
    how = recipe.command
    given: dict[str, Any] = how.model_dump(include={"model", "version", "mode", "output", "store"})
    given["input"] = how.input if isinstance(how, Scoring) else how.dataset
    return RecipeSummary(name=recipe.name, kind=recipe.kind, created=recipe.created, **given)


def told(how: Scoring | Evaluating | Standalone) -> str:
    """What a recipe does, in words."""
    if isinstance(how, Scoring):
        return f"{how.input} with {how.model}, into {how.output}"
    into = f", into {how.store}" if how.store else ""
    of = f"{how.model} on " if isinstance(how, Evaluating) else ""
    return f"evaluates {of}{how.dataset}{into}"
