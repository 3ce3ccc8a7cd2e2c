"""What one can ask of recipes."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, JsonValue

from modelyard.evaluations.asked_types import Evaluating, Standalone
from modelyard.evaluations.types import Evaluation
from modelyard.kernel.command import ProjectCommand
from modelyard.kernel.paging import Paged
from modelyard.kernel.values import EMPTIED, Json, LocalPath, Name
from modelyard.models.types import VersionId
from modelyard.recipes.types import Recipe, RecipeKind, RecipeSummary
from modelyard.runtime.types import Mode, OnError
from modelyard.scoring.types import Scoring, ScoringRun

NEW_NAME = "unique name of the recipe inside the project"
REPLACE = "in place of the recipe of the same kind that has the name"


class CreateRecipe(Scoring, ProjectCommand[Recipe]):
    """Save a scoring as a recipe, to run it again by name; it is checked, but not run."""

    needs = "scoring:write"
    route = "POST /recipes"
    arguments = ("name", "model")

    name: Name = Field(description="unique name inside the project")


class SaveEvaluation(Evaluating, ProjectCommand[Recipe]):
    """Save an evaluation as a recipe, to run it again by name; it is checked, but not run.

    What its labels' variables stand for, and which version is active, is looked up when it runs.
    """

    needs = "scoring:write"
    route = "POST /recipes/{recipe}/evaluation"
    arguments = ("recipe", "model")

    recipe: Name = Field(description=NEW_NAME, examples=["each-month"])
    replace: bool = Field(default=False, description=REPLACE)


class SaveStandalone(Standalone, ProjectCommand[Recipe]):
    """Save a standalone evaluation as a recipe, to run it again by name; it is checked, not run."""

    needs = "scoring:write"
    route = "POST /recipes/{recipe}/standalone-evaluation"
    arguments = ("recipe",)

    recipe: Name = Field(description=NEW_NAME, examples=["each-month"])
    replace: bool = Field(default=False, description=REPLACE)


class UpdateRecipe(ProjectCommand[Recipe]):
    """Change what a recipe does; what is not given stays. It is checked, but not run.

    The options are those of scorings. What a recipe of an evaluation has besides is given by
    `--setting name=value`, with the names that `recipes show --json` tells.
    """

    needs = "scoring:write"
    route = "PATCH /recipes/{name}"
    guarded = True
    arguments = ("name",)

    name: Name = Field(description="name of the recipe")
    setting: dict[str, Json] = Field(
        default={},
        max_length=100,
        description="of an evaluation: its settings, as name=value, or name:=JSON; empty: as if it "
        "was not given",
        examples=[{"threshold": 0.4}],
    )
    model: Name | None = Field(default=None, description="saved model to score with")
    version: Annotated[VersionId | None, EMPTIED] = Field(
        default=None, description="id of the version; empty: whichever is active when it runs"
    )
    input: Annotated[str | None, LocalPath("read", "data")] = Field(
        default=None, min_length=1, description="dataset or path to score"
    )
    output: Annotated[str | None, LocalPath("write", "data")] = Field(
        default=None, min_length=1, description="dataset or path to write, replaced when whole"
    )
    mode: Annotated[Mode | None, EMPTIED] = Field(
        default=None,
        description="'restructured': prediction and one probability per class; 'direct': what the "
        "model returns; empty: what suits the model",
    )
    on_error: OnError | None = Field(
        default=None, description="rows that the model refuses: 'fail' or 'skip' them"
    )
    keep: Annotated[tuple[str, ...] | None, EMPTIED] = Field(
        default=None,
        description="input columns to write beside the predictions, or none; empty: all",
    )
    threshold: Annotated[float | None, EMPTIED] = Field(
        default=None,
        ge=0,
        le=1,
        description="binary: this threshold; empty: the one of the version",
    )
    probabilities: bool | None = Field(
        default=None, description="write one probability per class, or no longer"
    )
    percentile: bool | None = Field(
        default=None,
        description="binary: write proba_percentile, the rank (1 to 100) of the positive class's "
        "probability among the rows of a run, or no longer",
    )
    metadata: bool | None = Field(
        default=None,
        description="write smmd_ columns: model, version, full id, prediction time, or no longer",
    )
    params: Annotated[dict[str, JsonValue] | None, EMPTIED] = Field(
        default=None,
        description="parameters of the model's signature, as name=value, in place of those it has; "
        "empty: none",
    )
    batch_rows: Annotated[int | None, EMPTIED] = Field(
        default=None,
        ge=1,
        le=10_000_000,
        description="rows sent to a worker at a time; empty: by width",
    )
    workers: Annotated[int | None, EMPTIED] = Field(
        default=None,
        ge=1,
        le=512,
        description="worker processes; empty: as the setting runtime.workers says",
    )


class ListRecipes(ProjectCommand[list[RecipeSummary]], Paged):
    """List the recipes of a project."""

    needs = "scoring:read"
    route = "GET /recipes"

    model: Name | None = Field(default=None, description="only recipes that use this saved model")
    dataset: str | None = Field(
        default=None, description="only recipes that read or write this, named as they name it"
    )
    kind: tuple[RecipeKind, ...] = Field(
        default=(),
        description="only recipes of this kind: 'evaluation' of a saved model, 'standalone' of a "
        "scored dataset without one",
    )


class ShowRecipe(ProjectCommand[Recipe]):
    """Show a recipe."""

    needs = "scoring:read"
    route = "GET /recipes/{name}"
    arguments = ("name",)

    name: Name = Field(description="name of the recipe")


class RunRecipe(ProjectCommand[ScoringRun | Evaluation]):
    """Run a recipe: score or evaluate its input as it is now."""

    needs = "scoring:write"
    route = "POST /recipes/{name}/run"
    title = "Run recipe {name}"
    background = True
    queue = "scoring"
    arguments = ("name",)

    name: Name = Field(description="name of the recipe")

    def exclusive_key(self) -> str:
        """One run of a recipe at a time: its outputs are the same."""
        return f"recipe {self.project}/{self.name}"


class DeleteRecipe(ProjectCommand[None]):
    """Delete a recipe; what it wrote stays."""

    needs = "scoring:write"
    route = "DELETE /recipes/{name}"
    guarded = True
    arguments = ("name",)

    name: Name = Field(description="name of the recipe")
