"""What one can ask of drift."""

from __future__ import annotations

from typing import ClassVar, Generic, Self, TypeVar

from pydantic import Field, model_validator

from modelyard.analysis.charts.types import Mode
from modelyard.analysis.drift.types import Outcome
from modelyard.evaluations.charting.written import WrittenChart
from modelyard.evaluations.drifting.types import (
    Drift,
    DriftChart,
    Drifting,
    DriftPart,
    DriftSummary,
    DriftTable,
    DriftTest,
    ExportedDrift,
)
from modelyard.kernel.command import ProjectCommand
from modelyard.kernel.paging import Paged
from modelyard.kernel.values import Name
from modelyard.models.types import VersionId

R = TypeVar("R")
ID = "id of the drift report"


class ComputeDrift(Drifting, ProjectCommand[Drift]):
    """Compare two datasets or evaluations: whether data, predictions and performance moved.

    Each column is looked at by itself, and a classifier learns to tell rows of both sides apart.
    With a saved model, datasets are scored: then predictions are compared, and performance where
    the truth is known. What cannot be computed says why. Each time another report is kept.
    """

    needs = "evaluations:write"
    route = "POST /drift"
    title = "Drift of {current}"
    background = True
    queue = "scoring"


class ListDrift(ProjectCommand[list[DriftSummary]], Paged):
    """List the drift reports of a project, the newest first."""

    needs = "evaluations:read"
    route = "GET /drift"

    evaluation: str | None = Field(default=None, description="only of this evaluation, by its id")
    model: Name | None = Field(default=None, description="only of this saved model")
    version: VersionId | None = Field(default=None, description="only of this version")
    outcome: Outcome | None = Field(default=None, description="only those that ended so")


class ShowDrift(ProjectCommand[Drift]):
    """Show a drift report."""

    needs = "evaluations:read"
    route = "GET /drift/{id}"
    arguments = ("id",)

    id: str = Field(description=ID)


class AboutDriftPart(ProjectCommand[R], Generic[R]):
    """A question about a part of a drift report."""

    needs = "evaluations:read"
    arguments: ClassVar[tuple[str, ...]] = ("id", "part")

    id: str = Field(description=ID)
    part: DriftPart = Field(
        description="what is shown: one column (--column), all 'columns' by a test (--test), "
        "'importance' to the model beside that to telling the sides apart, 'predictions', their "
        "'densities', 'performance', what is 'expected' of it"
    )
    column: str | None = Field(default=None, description="which column", examples=["age"])
    test: str = Field(default="psi", description="columns: by which test they are drawn")
    label: str | None = Field(
        default=None, description="densities: class whose probabilities are drawn [the last one]"
    )

    @model_validator(mode="after")
    def _names_its_column(self) -> Self:
        if (self.part == "column") != (self.column is not None):
            raise ValueError("--column names the column of the part 'column', and of no other")
        return self


class AboutDriftChart(AboutDriftPart[R], Generic[R]):
    """A question about a part of a drift report as a chart."""

    mode: Mode = Field(default="light", description="for a light or a dark ground")


class ShowDriftChart(AboutDriftChart[DriftChart]):
    """Show a part of a drift report as a chart: a Vega-Lite spec, and in words what is seen."""

    route = "GET /drift/{id}/parts/{part}/chart"


class ShowDriftTable(AboutDriftPart[DriftTable]):
    """Show the numbers of a part of a drift report as a table."""

    route = "GET /drift/{id}/parts/{part}/table"


class ExportDrift(WrittenChart, AboutDriftChart[ExportedDrift]):
    """Write a part of a drift report to a file: its chart as SVG, PNG or HTML, its numbers as CSV.

    As .json the chart is written as Vega-Lite.
    """

    route = "GET /drift/{id}/parts/{part}/content"
    arguments = ("id", "part", "to")


class DeleteDrift(ProjectCommand[None]):
    """Delete a drift report; what it compared stays."""

    needs = "evaluations:write"
    route = "DELETE /drift/{id}"
    guarded = True
    arguments = ("id",)

    id: str = Field(description=ID)


class ListDriftTests(ProjectCommand[list[DriftTest]]):
    """List the tests that columns are compared by, with their thresholds.

    Packages add some by entry points in the group `modelyard.drift_tests`.
    """

    needs = "evaluations:read"
    route = "GET /drift-tests"
