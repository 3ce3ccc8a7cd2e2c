"""What one can ask of drift."""

from __future__ import annotations

from pydantic import Field

from modelyard.analysis.drift.types import Outcome
from modelyard.evaluations.drifting.types import Drift, Drifting, DriftSummary, DriftTest
from modelyard.kernel.command import ProjectCommand
from modelyard.kernel.paging import Paged
from modelyard.kernel.values import Name
from modelyard.models.types import VersionId

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
