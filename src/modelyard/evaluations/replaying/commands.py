"""What one can ask of replays."""

from __future__ import annotations

from pydantic import Field

from modelyard.evaluations.replaying.types import Replay, Replaying, ReplaySummary
from modelyard.kernel.command import ProjectCommand
from modelyard.kernel.paging import Paged
from modelyard.kernel.values import Name
from modelyard.models.types import VersionId

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


class DeleteReplay(ProjectCommand[None]):
    """Delete a replay."""

    needs = "evaluations:write"
    route = "DELETE /replays/{id}"
    guarded = True
    arguments = ("id",)

    id: str = Field(description=ID)
