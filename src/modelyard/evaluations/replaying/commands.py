"""What one can ask of replays."""

from __future__ import annotations

from typing import ClassVar, Generic, TypeVar

from pydantic import Field

from modelyard.analysis.charts.types import Mode
from modelyard.evaluations.charting.written import WrittenChart
from modelyard.evaluations.replaying.types import (
    ExportedReplay,
    Replay,
    ReplayChart,
    Replaying,
    ReplayPart,
    ReplaySummary,
    ReplayTable,
)
from modelyard.kernel.command import ProjectCommand
from modelyard.kernel.paging import Paged
from modelyard.kernel.values import Name
from modelyard.models.types import VersionId

R = TypeVar("R")
ID = "id of the replay"


class ReplayVersion(Replaying, ProjectCommand[Replay]):
    """Ask a version and the active one with the same rows, to see what it would answer otherwise.

    Rows that flip, how far scores move, the rows that move most, the slices that move more than
    others; where the truth is known, too, which side flips are to. Nothing is activated. Each time
    another replay is kept.
    """

    needs = "evaluations:write"
    route = "POST /models/{model}/versions/{version}/replays"
    title = "Replay {model} {version} on {rows}"
    background = True
    queue = "scoring"
    arguments = ("model", "version")

    def exclusive_key(self) -> str:
        """One replay of a version at a time."""
        return f"replay {self.project}/{self.model}/{self.version}"


class ListReplays(ProjectCommand[list[ReplaySummary]], Paged):
    """List the replays of a saved model, the newest first."""

    needs = "evaluations:read"
    route = "GET /models/{model}/replays"
    arguments = ("model",)

    model: Name = Field(description="name of the saved model")
    version: VersionId | None = Field(default=None, description="only of this version")


class ShowReplay(ProjectCommand[Replay]):
    """Show a replay."""

    needs = "evaluations:read"
    route = "GET /replays/{id}"
    arguments = ("id",)

    id: str = Field(description=ID)


class AboutReplayPart(ProjectCommand[R], Generic[R]):
    """A question about a part of a replay."""

    needs = "evaluations:read"
    arguments: ClassVar[tuple[str, ...]] = ("id", "part")

    id: str = Field(description=ID)
    part: ReplayPart = Field(
        description="what is shown: the 'scores' of both versions, 'flips' by their classes, the "
        "'slices' that move most, the rows that do ('movers')"
    )


class AboutReplayChart(AboutReplayPart[R], Generic[R]):
    """A question about a part of a replay as a chart."""

    mode: Mode = Field(default="light", description="for a light or a dark ground")


class ShowReplayChart(AboutReplayChart[ReplayChart]):
    """Show a part of a replay as a chart: a Vega-Lite spec, and in words what is seen."""

    route = "GET /replays/{id}/parts/{part}/chart"


class ShowReplayTable(AboutReplayPart[ReplayTable]):
    """Show the numbers of a part of a replay as a table."""

    route = "GET /replays/{id}/parts/{part}/table"


class ExportReplay(WrittenChart, AboutReplayChart[ExportedReplay]):
    """Write a part of a replay to a file: its chart as SVG, PNG or HTML, its numbers as CSV.

    As .json the chart is written as Vega-Lite.
    """

    route = "GET /replays/{id}/parts/{part}/content"
    arguments = ("id", "part", "to")


class DeleteReplay(ProjectCommand[None]):
    """Delete a replay."""

    needs = "evaluations:write"
    route = "DELETE /replays/{id}"
    guarded = True
    arguments = ("id",)

    id: str = Field(description=ID)
