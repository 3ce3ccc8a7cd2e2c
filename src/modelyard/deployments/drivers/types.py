"""What a driver is to bring about, what it finds, and the steps in between."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field, JsonValue

from modelyard.deployments.activating.types import ScenarioState
from modelyard.kernel.values import Json, Name, ProjectKey, Value, Variable
from modelyard.serving.types import Access, Guard

Severity = Literal["info", "warning", "error"]
Action = Literal["import", "preload", "map", "access", "disable", "remove", "activate"]
PREPARING: frozenset[Action] = frozenset({"import", "preload"})
"""What changes no answer, and so is done everywhere before anything else is."""


class WantedPackage(Value):
    """A package that is to be on a node."""

    package: Name
    digest: str = Field(description="sha256 of the .zip")
    created: datetime = Field(description="when it was made: by that, nodes tell it from another")
    asked: dict[Name, dict[str, JsonValue]] = Field(
        default={}, description="a test query of each endpoint that has one"
    )


class ObservedService(Value):
    """What was found of a service on a node."""

    present: bool = Field(description="whether the node knows it")
    enabled: bool = False
    shares: dict[str, float] = Field(default={}, description="of the queries by generation")
    shadows: tuple[str, ...] = ()
    access: Access = "package"
    generations: dict[str, datetime] = Field(
        default={}, description="those that the node has, with when their packages were made"
    )
    endpoints: tuple[str, ...] = ()
    processes: int = Field(default=0, description="of the node, running")
    unloaded: tuple[str, ...] = Field(
        default=(), description="generations that not all of the processes have in memory"
    )
    image: str = Field(default="", description="that runs, where a driver makes images")
    base_image: str = Field(default="", description="of which that was made")
    differs: str = Field(
        default="", description="in what a place is otherwise than its driver would have it"
    )
    fell_back: str = Field(default="", description="why the node's guard went back")
    problem: str = Field(default="", description="what the node's processes say that is wrong")


class DesiredService(Value):
    """What is to answer of a service."""

    target: Name = Field(description="name of the service")
    present: bool = True
    enabled: bool = True
    shares: dict[Name, float] = Field(
        default={}, description="share of the queries by generation, which is a package"
    )
    shadows: tuple[Name, ...] = ()
    guard: Guard | None = None
    access: Access = "package"
    packages: tuple[WantedPackage, ...] = ()
    restores: ObservedService | None = Field(
        default=None, description="what was found, where that is to be brought back"
    )


class DesiredProject(Value):
    """Of which bundle a project is to be, and what is chosen for it there."""

    target: ProjectKey = Field(description="key of the project there")
    present: bool = True
    enabled: bool = True
    bundle: Name = "none"
    digest: str = Field(default="", description="sha256 of the .zip")
    connections: dict[Name, Name] = Field(
        default={}, description="the connection there for one that the bundle names"
    )
    variables: dict[Variable, Json] = Field(default={}, description="that hold there alone")
    scenarios: dict[Name, ScenarioState] = Field(
        default={}, description="whether they run by themselves there"
    )
    run_as: str | None = Field(
        default=None, description="user there as whom they run; None: whoever activates"
    )


class ObservedProject(Value):
    """What was found of a project on a node."""

    present: bool = Field(description="whether the node knows it")
    bundle: str | None = Field(default=None, description="the active one")
    bundles: dict[str, str] = Field(
        default={}, description="those that the node has, with their digests"
    )
    connections: dict[str, str] = {}
    variables: dict[str, JsonValue] = {}
    scenarios: dict[str, ScenarioState] = {}
    run_as: str | None = None


Desired = DesiredService | DesiredProject
Observed = ObservedService | ObservedProject


class Step(Value):
    """One thing to do on one place."""

    action: Action
    what: str = Field(description="of the package, or of the service")

    @property
    def prepares(self) -> bool:
        """Whether it changes no answer."""
        return self.action in PREPARING

    def __str__(self) -> str:
        return f"{self.action} {self.what}"


class Message(Value):
    """Something to know about how a deployment is."""

    listed = ("severity", "place", "code", "title", "details")

    severity: Severity
    code: str = Field(description="stable, in capitals")
    title: str
    details: str = ""
    place: str = Field(default="", description="the node that it is about; empty: all of it")
