"""What one can ask of monitoring."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from modelyard.evaluations.labels import LabelKey, LabelValue
from modelyard.jobs.scenarios.commands import ABOUT_CRON, ABOUT_PARAMETERS, Cron
from modelyard.kernel.command import Command, ProjectCommand
from modelyard.kernel.values import Json, LocalPath, Name, ProjectKey
from modelyard.monitoring.watching.types import Followed, ThingKind, ThingStatus

MONDAYS = "0 6 * * MON"


class ShowMonitoring(Command[list[ThingStatus]]):
    """Show how projects, models, stores and scenarios are, and why: the worst first."""

    needs = "monitoring:read"
    route = "GET /monitoring"
    project_field = "project"

    project: ProjectKey | None = Field(
        default=None, description="only what is in this project [all that you may see]"
    )
    kind: ThingKind | None = Field(default=None, description="only things of this kind")


class FollowModel(ProjectCommand[Followed]):
    """Evaluate the active version of a model on a schedule, run the checks, and alert.

    It makes a scenario of two steps, and lets the alert be about the scenario and the model.
    """

    needs = "scenarios:write"
    route = "POST /models/{model}/follow"
    arguments = ("model",)

    model: Name = Field(description="saved model whose active version is evaluated")
    dataset: Annotated[str, LocalPath("read", "data")] = Field(
        min_length=1,
        description="dataset or path with its truth; ${NAME} in it stands for a parameter or a "
        "date of the run, such as ${last_week_start}",
        examples=["calls"],
    )
    where: str | None = Field(
        default=None,
        min_length=1,
        description="only rows for which this holds, with ${NAME} as in the dataset",
        examples=["day >= '${last_week_start}' AND day < '${week_start}'"],
    )
    store: Name = Field(
        description="evaluation store that it is evaluated into, and whose checks are run",
        examples=["weekly"],
    )
    cron: Cron = Field(default=MONDAYS, min_length=1, description=ABOUT_CRON)
    timezone: str = Field(default="UTC", description="in which the cron line is read")
    alert: Name | None = Field(
        default=None, description="alert that is to be about it, too", examples=["team"]
    )
    scenario: Name | None = Field(
        default=None, description="what the scenario is called [follow- and the model]"
    )
    target: str | None = Field(
        default=None, description="column that holds the truth [the version's target]"
    )
    label: dict[LabelKey, LabelValue] = Field(
        default={},
        max_length=100,
        description="labels of the evaluations as key=value, with ${NAME} as in the dataset",
        examples=[{"week": "${last_week}"}],
    )
    parameters: dict[str, Json] = Field(
        default={}, description=ABOUT_PARAMETERS, examples=[{"region": "north"}]
    )
