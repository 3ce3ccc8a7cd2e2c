"""The words of monitoring what is deployed."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from modelyard.analysis.activity_types import ActivityChart
from modelyard.analysis.charts.types import Drawn
from modelyard.kernel.values import Name, Value
from modelyard.monitoring.watching.types import Part, Status, ThingKind

Range = Literal["hour", "day", "week", "month", "quarter"]
"""How far a chart looks back."""


class Figures(Value):
    """What an endpoint was asked in a day, as it was last found out."""

    queries: int = 0
    failed: int = 0
    refused: int = 0
    p95: float | None = Field(default=None, description="milliseconds; None: it is not known")
    hours: tuple[int, ...] = Field(
        default=(), description="queries of each of 24 hours, the running one last"
    )

    @property
    def error_rate(self) -> float | None:
        """The share of the queries that failed; None: there were none."""
        return self.failed / self.queries if self.queries else None


class AnsweringVersion(Value):
    """A version of a saved model that an endpoint answers with."""

    package: Name
    model: str
    version: str


class SeenEndpoint(Value):
    """An endpoint of a deployment, as it was last found."""

    name: str
    versions: tuple[AnsweringVersion, ...] = Field(
        default=(), description="those it answers with; none: it answers without a model"
    )
    figures: Figures = Figures()


class Watch(Value):
    """What was last found out of a deployment."""

    endpoints: tuple[SeenEndpoint, ...] = ()
    parts: tuple[Part, ...] = Field(default=(), description="of a project, over all its nodes")
    told: dict[str, tuple[Part, ...]] = Field(default={}, description="what each node said last")
    read: dict[str, float] = Field(
        default={}, description="until when what a node answered was read, in seconds since 1970"
    )
    pushed: int | None = Field(
        default=None, description="number of the update whose packages the endpoints are of"
    )
    problem: str = Field(default="", description="what could not be found out, and why")


class DeployedProject(Value):
    """How a project is where it is deployed, and why."""

    listed = (
        *("status", "project", "deployment", "infrastructure", "stage", "bundle"),
        *("why", "refreshed"),
    )

    project: str
    deployment: Name
    target: str = Field(description="key of the project, where it runs")
    infrastructure: Name
    stage: str
    bundle: str = ""
    status: Status = Field(description="the worst of its parts")
    why: str = ""
    since: datetime | None = None
    parts: tuple[Part, ...] = Field(
        description="'deployment': its health; 'model', 'execution' and 'data': as its nodes say"
    )
    refreshed: datetime | None = Field(default=None, description="when its nodes were last asked")
    problem: str = ""


class WatchedEndpoint(Value):
    """How an endpoint is, and what it was asked in the last 24 hours."""

    listed = (
        *("status", "project", "name", "infrastructure", "stage", "versions", "queries"),
        *("error_rate", "p95", "why"),
    )

    project: str
    kind: ThingKind = Field(
        description="'endpoint': of a deployment; 'external': of a monitoring scope"
    )
    name: str = Field(description="deployment/endpoint, or scope/endpoint")
    deployment: str = Field(default="", description="empty: it is elsewhere")
    endpoint: str
    scope: str = Field(default="", description="empty: it is of a deployment")
    service: str = ""
    infrastructure: str = ""
    stage: str = ""
    status: Status = Field(description="the worst of its parts")
    why: str = ""
    since: datetime | None = None
    parts: tuple[Part, ...] = Field(
        default=(), description="'deployment': its health; 'model': that of what it answers with"
    )
    versions: tuple[str, ...] = Field(default=(), description="as model:version")
    queries: int | None = Field(default=None, description="of 24 hours; None: they are not known")
    failed: int | None = None
    refused: int | None = None
    error_rate: float | None = Field(
        default=None, description="share of the queries that failed: 500 and above, not 503"
    )
    p95: float | None = Field(default=None, description="milliseconds, of those not refused")
    hours: tuple[int, ...] = Field(
        default=(), description="queries of each of 24 hours, the running one last"
    )
    refreshed: datetime | None = Field(default=None, description="when it was last asked")
    problem: str = ""


class StatusCount(Value):
    """How many things of a kind are how."""

    listed = ("kind", "total", "healthy", "warning", "error", "none")

    kind: ThingKind
    total: int
    healthy: int
    warning: int
    error: int
    none: int


class Overview(Value):
    """How all is that is deployed: in numbers, and what is not well."""

    listed = ("counts", "projects", "endpoints")

    counts: tuple[StatusCount, ...]
    projects: tuple[DeployedProject, ...] = Field(description="those that are not well")
    endpoints: tuple[WatchedEndpoint, ...] = Field(description="those that are not well")


class ActivitySlot(Value):
    """What was asked in a stretch of time, on all nodes together."""

    listed = ("at", "endpoint", "generation", "queries", "failed", "refused", "p50", "p95", "p99")

    at: datetime = Field(description="when it began, in UTC")
    endpoint: str = Field(default="", description="empty: all of the deployment together")
    generation: str = Field(default="", description="empty: all of them together")
    queries: int
    failed: int = Field(description="500 and above, not 503")
    refused: int = Field(description="400 to 499, and 503")
    p50: float | None = Field(default=None, description="milliseconds, refused ones left out")
    p95: float | None = None
    p99: float | None = None


class KeptActivityDrawn(Drawn):
    """A chart of what a deployment answered, or why there is none."""

    project: str
    deployment: Name
    chart: ActivityChart
