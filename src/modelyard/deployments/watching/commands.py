"""What one can ask of monitoring about what is deployed."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from modelyard.analysis.activity_types import ActivityChart
from modelyard.analysis.charts.types import Mode
from modelyard.deployments.watching.types import (
    ActivitySlot,
    DeployedProject,
    KeptActivityDrawn,
    Overview,
    Range,
    WatchedEndpoint,
)
from modelyard.kernel.command import Command, ProjectCommand
from modelyard.kernel.values import Name, ProjectKey
from modelyard.monitoring.watching.types import Status, ThingStatus

DEPLOYMENT = "name of the deployment"
ABOUT_ENDPOINT = "only of this endpoint [of all of the deployment]"
ABOUT_RANGE = "how far it looks back: hour, day, week, month (30 days) or quarter (90 days)"
ABOUT_RESOLUTION = (
    "minutes of a stretch, at least 5; what is older than two days is known by the hour  [as fits "
    "the range]"
)


class Narrowed(BaseModel):
    """What lists of what is deployed can be narrowed to."""

    project: ProjectKey | None = Field(
        default=None, description="only of this project [all that you may see]"
    )
    infrastructure: Name | None = Field(default=None, description="only on this infrastructure")
    stage: Name | None = Field(default=None, description="only in this stage")
    deployment: Name | None = Field(default=None, description="only of deployments of this name")


class ShowOverview(Narrowed, Command[Overview]):
    """Show how all is that is deployed: in numbers, and the projects and endpoints not well."""

    needs = "monitoring:read"
    route = "GET /monitoring/overview"
    project_field = "project"


class ListDeployedProjects(Narrowed, Command[list[DeployedProject]]):
    """List deployed projects, the worst first: how their deployment, models and scenarios are.

    Their automation nodes are asked from time to time.
    """

    needs = "monitoring:read"
    route = "GET /monitoring/projects"
    project_field = "project"

    status: Status | None = Field(default=None, description="only those that are so")


class ListWatchedEndpoints(Narrowed, Command[list[WatchedEndpoint]]):
    """List endpoints, the worst first: how they are, and what they were asked in 24 hours.

    They are those of deployments, and those elsewhere that monitoring scopes name.
    """

    needs = "monitoring:read"
    route = "GET /monitoring/endpoints"
    project_field = "project"

    status: Status | None = Field(default=None, description="only those that are so")


class OfActivity(BaseModel):
    """Which part of the activity of a deployment."""

    project: ProjectKey = Field(default="default", description="key of the project")
    deployment: Name = Field(description=DEPLOYMENT, examples=["churn-prod"])
    endpoint: Name | None = Field(default=None, description=ABOUT_ENDPOINT)
    range: Range = Field(default="day", description=ABOUT_RANGE)
    resolution: int | None = Field(default=None, ge=5, le=1440, description=ABOUT_RESOLUTION)


class ShowKeptActivity(OfActivity, ProjectCommand[list[ActivitySlot]]):
    """Show what a deployment was asked, on all of its nodes together, as far as it is kept."""

    needs = "monitoring:read"
    route = "GET /monitoring/activity/{deployment}"
    arguments = ("deployment",)

    by: Literal["endpoint", "generation"] = Field(
        default="endpoint", description="what is told apart; 'generation': endpoints are, too"
    )


class DrawKeptActivity(OfActivity, ProjectCommand[KeptActivityDrawn]):
    """Draw what a deployment was asked: times, queries by generation, errors.

    The answer is a Vega-Lite spec, and in words what is to be seen on it.
    """

    needs = "monitoring:read"
    route = "GET /monitoring/activity/{deployment}/chart"
    arguments = ("deployment",)

    chart: ActivityChart = Field(
        default="times",
        description="'times': within which half, 95 and 99 of 100 queries were answered; "
        "'queries': per second, by generation; 'errors': that failed or were refused",
    )
    mode: Mode = Field(default="light", description="for a light or a dark ground")


class RefreshDeployment(ProjectCommand[list[ThingStatus]]):
    """Ask the nodes of a deployment now how what is there is, and what it was asked.

    Workers do so each few minutes: the setting monitoring.refresh_minutes.
    """

    needs = "monitoring:read"
    route = "POST /monitoring/refresh/{deployment}"
    asks = True
    arguments = ("deployment",)

    deployment: Name = Field(description=DEPLOYMENT, examples=["churn-prod"])
