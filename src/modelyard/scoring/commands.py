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
