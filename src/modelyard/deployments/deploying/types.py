"""The words of deployments."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from modelyard.deployments.activating.types import ScenarioState
from modelyard.deployments.drivers.types import Desired, Message, Observed
from modelyard.deployments.infrastructures.types import Kind
from modelyard.kernel.values import Json, Name, Value, Variable
from modelyard.serving.types import Access, Guard

Health = Literal["UNKNOWN", "HEALTHY", "WARNING", "UNHEALTHY", "ERROR", "OUT_OF_SYNC"]
UpdateKind = Literal["create", "update", "light", "rollback", "disable", "enable", "delete"]
UpdateState = Literal["running", "succeeded", "failed", "broken_off"]
PlaceOutcome = Literal[
    "waiting", "updated", "same", "passed_over", "failed", "restored", "unrestored"
]


class ServiceSettings(Value):
    """What of a service is deployed, and how."""

    packages: dict[Name, float] = Field(
        description="share of the queries that each package answers; together 1"
    )
    shadows: tuple[Name, ...] = Field(
        default=(), description="packages that get the same queries, and answer nobody"
    )
    guard: Guard | None = Field(
        default=None, description="when each node goes back by itself to what answered before"
    )
    access: Access = Field(default="package", description="who may ask")
    enabled: bool = True

    @property
    def content(self) -> tuple[str, ...]:
        """The ids of its packages."""
        return tuple(self.packages)


class ProjectSettings(Value):
    """Which bundle is deployed, and what is chosen for the project where it is active."""

    bundle: Name
    connections: dict[Name, Name] = Field(
        default={}, description="the connection there for one that the bundle names"
    )
    variables: dict[Variable, Json] = Field(default={}, description="that hold there alone")
    scenarios: dict[Name, ScenarioState] = Field(
        default={}, description="whether they run by themselves there"
    )
    enabled: bool = True

    @property
    def content(self) -> tuple[str, ...]:
        """The id of its bundle."""
        return (self.bundle,)


Settings = ServiceSettings | ProjectSettings


class PlaceFound(Value):
    """What was last found at one place of a deployment."""

    listed = ("place", "reached", "answers", "problem")

    place: Name
    reached: bool
    answers: str = Field(description="which packages answer there, in words")
    problem: str = Field(default="", description="why it cannot be reached")
    observed: Observed | None = None


class DeploymentSummary(Value):
    """One line of a list of deployments."""

    listed = (
        *("name", "project", "target", "content", "infrastructure", "stage", "enabled"),
        *("health", "checked", "changed"),
    )

    project: str
    name: Name
    infrastructure: Name
    kind: Kind
    stage: str = Field(description="that of the infrastructure")
    target: str = Field(description="name of the service, or key of the project, where it runs")
    content: tuple[str, ...] = Field(description="ids of packages, or of the bundle")
    enabled: bool
    health: Health
    checked: datetime | None = Field(default=None, description="when it was last looked at")
    created: datetime
    created_by: str
    changed: datetime


class RunningUpdate(Value):
    """An update that somebody is carrying out."""

    number: int
    kind: UpdateKind
    actor: str
    started: datetime


class Deployment(Value):
    """What is to run on an infrastructure, what was found there, and what separates the two."""

    listed = (
        *("name", "project", "target", "infrastructure", "stage", "health", "checked"),
        *("messages", "places", "settings", "updating", "changed"),
    )

    project: str
    name: Name
    infrastructure: Name
    kind: Kind
    stage: str = Field(description="that of the infrastructure")
    target: str = Field(description="name of the service, or key of the project, where it runs")
    settings: Settings = Field(description="what was last deployed, or is to be")
    pushed: int | None = Field(
        default=None, description="number of the update that brought that about; None: none did yet"
    )
    health: Health
    messages: tuple[Message, ...] = ()
    desired: Desired | None = Field(
        default=None, description="what each place is to be; None: nothing was deployed yet"
    )
    places: tuple[PlaceFound, ...] = ()
    checked: datetime | None = Field(default=None, description="when it was last looked at")
    updating: RunningUpdate | None = None
    created: datetime
    created_by: str
    changed: datetime


class PlaceUpdated(Value):
    """What came of an update at one place."""

    place: Name
    outcome: PlaceOutcome = Field(
        description="'updated', 'same' as it was, 'passed_over' since it was away, 'failed', "
        "'restored' to what it was, 'unrestored': it could not go back, 'waiting': not reached"
    )


class LogLine(Value):
    """One thing that happened in an update."""

    at: datetime
    text: str


class DeploymentUpdate(Value):
    """An update of a deployment: who changed what, and what came of it."""

    listed = ("number", "kind", "state", "actor", "started", "ended", "places", "problem")

    project: str
    deployment: Name
    number: int = Field(description="counts the updates of the deployment, from 1")
    kind: UpdateKind
    state: UpdateState = Field(
        description="'broken_off': whoever carried it out was killed, and nobody went on"
    )
    actor: str
    started: datetime
    ended: datetime | None = None
    settings: Settings = Field(description="what was to be deployed")
    desired: Desired = Field(description="what each place was to be by that")
    restores: int | None = Field(
        default=None, description="number of the update that a roll-back went back to"
    )
    places: tuple[PlaceUpdated, ...] = ()
    messages: tuple[Message, ...] = Field(default=(), description="what policies and hooks said")
    problem: str = Field(default="", description="why it failed")
    log: tuple[LogLine, ...] = ()


class KeptUpdate(DeploymentUpdate):
    """An update as its row says."""

    before: dict[Name, Observed] = Field(
        default={}, description="what was found at each place before it was changed"
    )

    def told(self) -> DeploymentUpdate:
        """What is told of it."""
        return DeploymentUpdate(**{name: getattr(self, name) for name in TOLD})


TOLD = tuple(DeploymentUpdate.model_fields)


class AppliedChange(Value):
    """A setting that becomes another."""

    field: str
    before: str
    after: str


class AppliedStep(Value):
    """One thing of a file, and what that changes."""

    listed = ("what", "name", "action", "changes")

    what: Literal["infrastructure", "deployment", "pipeline"]
    name: Name
    action: Literal["create", "update", "reconcile", "unchanged"] = Field(
        description="'reconcile': as set already, and nodes are brought back to that"
    )
    changes: tuple[AppliedChange, ...] = ()


class Applied(Value):
    """What came of a file, or would come of it."""

    listed = ("dry_run", "steps")

    dry_run: bool = Field(description="whether nothing was done")
    steps: tuple[AppliedStep, ...]


class RenderedFiles(Value):
    """Files by which a deployment is brought about."""

    path: str = Field(description="folder or .zip file that holds them")
    files: tuple[str, ...] = Field(description="their paths in it")
    next: tuple[str, ...] = Field(description="commands that make use of them, in that folder")


class DeletedDeployment(Value):
    """What came of deleting a deployment."""

    name: Name
    removed: tuple[str, ...] = Field(description="places from which it was taken")
    left: tuple[str, ...] = Field(
        default=(), description="places that could not be reached, and still have it"
    )
    messages: tuple[Message, ...] = Field(default=(), description="what hooks said")
