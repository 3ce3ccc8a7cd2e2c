"""What one can ask of monitoring."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from modelyard.evaluations.labels import LabelKey, LabelValue
from modelyard.jobs.scenarios.commands import ABOUT_CRON, ABOUT_PARAMETERS, Cron
from modelyard.kernel.command import Command, ProjectCommand
from modelyard.kernel.values import Json, LocalPath, Name, ProjectKey
from modelyard.models.types import VersionId
from modelyard.monitoring.watching.types import (
    Followed,
    Period,
    ThingKind,
    ThingStatus,
    TrackedEndpoint,
)

MONDAYS = "0 6 * * MON"


class ShowMonitoring(Command[list[ThingStatus]]):
    """Show how projects and what is in them are, and why: the worst first.

    In them are models, stores, scenarios, and deployments that you may see.
    """

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


class TrackEndpoint(ProjectCommand[TrackedEndpoint]):
    """Evaluate on a schedule what an endpoint of an API node answered, as its query log tells.

    It makes a dataset of the log, the store if there is none, and a scenario that evaluates the
    last period, on which the checks of the store are run: by drift from what the version was
    tested on, and by metrics where truths are named, which are joined by a key before. The same
    name can be given again where something was missing; what is there already is used.
    """

    needs = "scenarios:write"
    route = "POST /query-logs/{name}/track"
    arguments = ("name",)

    name: Name = Field(
        description="what the dataset is called, and with track- before it the scenario",
        examples=["churn-queries"],
    )
    log: Annotated[str, LocalPath("read", "data", kept=True)] = Field(
        min_length=1,
        description="folder of the endpoint's query log, or a pattern of files of several nodes",
        examples=["node/logs/queries/churn-api/churn"],
    )
    model: Name = Field(description="saved model that answers", examples=["churn"])
    version: VersionId | None = Field(
        default=None, description="id of the version that answers [the active one]"
    )
    generation: Name | None = Field(
        default=None, description="only what this generation answered [all]", examples=["p1"]
    )
    store: Name = Field(
        description="evaluation store that it is evaluated into, and whose checks are run",
        examples=["live"],
    )
    period: Period = Field(default="week", description="what each evaluation is of: the last one")
    truth: Annotated[str | None, LocalPath("read", "data")] = Field(
        default=None,
        min_length=1,
        description="dataset or path of truths that become known later",
        examples=["truths"],
    )
    key: str = Field(
        default="query_id", description="column of the log that finds the truth of a row"
    )
    truth_key: str | None = Field(
        default=None, description="what the dataset of truths calls the key [the same]"
    )
    target: str | None = Field(
        default=None, description="column that holds the truth [the version's target]"
    )
    cron: Cron | None = Field(
        default=None, min_length=1, description=f"{ABOUT_CRON} [at 6 as a period has ended]"
    )
    timezone: str = Field(default="UTC", description="in which the cron line is read")
    alert: Name | None = Field(
        default=None, description="alert that is to be about it, too", examples=["team"]
    )

    @model_validator(mode="after")
    def _has_a_truth(self) -> Self:
        if self.truth is None and (self.target is not None or self.truth_key is not None):
            raise ValueError("--target and --truth-key are about truths; name them by --truth")
        return self
