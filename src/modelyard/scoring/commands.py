"""What one can ask of scoring."""

from __future__ import annotations

from pydantic import Field

from modelyard.kernel.command import ProjectCommand
from modelyard.kernel.paging import Paged
from modelyard.kernel.values import Name
from modelyard.runtime.types import Row
from modelyard.scoring.types import (
    Asking,
    Predictions,
    Recipe,
    RecipeSummary,
    RunSummary,
    Scoring,
    ScoringRun,
)


class RunScoring(Scoring, ProjectCommand[ScoringRun]):
    """Score a dataset with a version of a saved model.

    The output appears only when it is whole. A run that was killed is taken up again at its last
    finished chunk when the same scoring is asked for once more.
    """

    needs = "scoring:write"
    route = "POST /scoring/runs"
    title = "Score {input} with {model}"
    background = True
    queue = "scoring"
    arguments = ("model",)

    def exclusive_key(self) -> str:
        """One scoring into an output at a time."""
        return f"output {self.project}/{self.output}"


class PredictRows(Asking, ProjectCommand[Predictions]):
    """Predict a few rows at once; the version stays loaded for a while, so the next ones are quick.

    `versions example` gives rows to begin with.
    """

    needs = "scoring:read"
    route = "POST /scoring/predict"
    asks = True
    arguments = ("model",)

    rows: tuple[Row, ...] = Field(
        min_length=1,
        max_length=1000,
        description="the rows: their values by column name",
        examples=[[{"age": 41, "plan": "pro"}]],
    )


class ListRuns(ProjectCommand[list[RunSummary]], Paged):
    """List the scoring runs of a project, the newest first."""

    needs = "scoring:read"
    route = "GET /scoring/runs"

    model: Name | None = Field(default=None, description="only runs of this saved model")
    dataset: str | None = Field(
        default=None, description="only runs that read or wrote this, named as they named it"
    )


class ShowRun(ProjectCommand[ScoringRun]):
    """Show one scoring run."""

    needs = "scoring:read"
    route = "GET /scoring/runs/{id}"
    arguments = ("id",)

    id: str = Field(description="id of the run")


class CreateRecipe(Scoring, ProjectCommand[Recipe]):
    """Save a scoring as a recipe, to run it again by name; it is checked, but not run."""

    needs = "scoring:write"
    route = "POST /recipes"
    arguments = ("name", "model")

    name: Name = Field(description="unique name inside the project")


class ListRecipes(ProjectCommand[list[RecipeSummary]], Paged):
    """List the recipes of a project."""

    needs = "scoring:read"
    route = "GET /recipes"

    model: Name | None = Field(default=None, description="only recipes that use this saved model")
    dataset: str | None = Field(
        default=None, description="only recipes that read or write this, named as they name it"
    )


class ShowRecipe(ProjectCommand[Recipe]):
    """Show a recipe."""

    needs = "scoring:read"
    route = "GET /recipes/{name}"
    arguments = ("name",)

    name: Name = Field(description="name of the recipe")


class RunRecipe(ProjectCommand[ScoringRun]):
    """Run a recipe: score its input as it is now."""

    needs = "scoring:write"
    route = "POST /recipes/{name}/run"
    title = "Run recipe {name}"
    background = True
    queue = "scoring"
    arguments = ("name",)

    name: Name = Field(description="name of the recipe")

    def exclusive_key(self) -> str:
        """One run of a recipe at a time: it has one output."""
        return f"recipe {self.project}/{self.name}"


class DeleteRecipe(ProjectCommand[None]):
    """Delete a recipe; what it wrote stays."""

    needs = "scoring:write"
    route = "DELETE /recipes/{name}"
    guarded = True
    arguments = ("name",)

    name: Name = Field(description="name of the recipe")
