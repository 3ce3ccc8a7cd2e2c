"""The words of asking what is deployed."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field, JsonValue

from modelyard.jobs.scenarios.types import RunState
from modelyard.kernel.values import Name, Value
from modelyard.services.types import EndpointKind
from modelyard.serving.administration.types import TriedQuery
from modelyard.serving.packages.types import TestQuery


class PlaceAddress(Value):
    """Where a place of a deployment answers."""

    place: Name
    url: str = Field(description="of its API; empty: nothing runs there, or it is not known")
    reached: bool = Field(description="whether it could be reached when it was last looked at")


class DeployedEndpoint(Value):
    """An endpoint of a deployment: how it is asked, and where."""

    listed = ("name", "kind", "path", "with_key", "places", "description")

    name: Name
    kind: EndpointKind
    description: str = ""
    package: Name = Field(description="the one that answers most")
    path: str = Field(description="that follows the address of a place")
    with_key: bool = Field(description="whether it wants a key of the service")
    test_queries: tuple[TestQuery, ...] = ()
    places: tuple[PlaceAddress, ...] = ()


class DeployedAnswer(TriedQuery):
    """What a place of a deployment answered."""

    listed = ("place", "generation", "ms", "answer", "ignored")

    place: Name
    answer: dict[str, JsonValue] = Field(
        description="prediction and probas, columns of a lookup, or the response of a function"
    )


class DeployedRun(Value):
    """One time that a scenario ran at a place of a deployment."""

    listed = ("started", "scenario", "place", "state", "trigger", "actor", "ended", "reason")

    place: Name
    id: str
    scenario: str
    state: RunState
    trigger: str = Field(description="what made it run")
    actor: str = Field(description="who it ran as there")
    started: datetime
    ended: datetime | None = None
    reason: str = ""


class DeployedRuns(Value):
    """Which scenarios of a deployed project ran, the newest first, as far as places told."""

    listed = ("runs", "problems")

    runs: tuple[DeployedRun, ...]
    problems: dict[Name, str] = Field(default={}, description="why places did not tell, by place")


class TestResult(Value):
    """What came of one test at one place."""

    __test__: ClassVar[bool] = False  # not a test of pytest's
    listed = ("place", "test", "outcome", "problem")

    place: Name
    test: str = Field(description="endpoint/query, or the name of a scenario")
    outcome: Literal["passed", "failed"]
    problem: str = Field(default="", description="why it failed")
    run: str = Field(default="", description="id of the scenario's run there")


class TestingStatus(Value):
    """What came of the tests of a deployment when they were last run."""

    __test__: ClassVar[bool] = False  # not a test of pytest's
    listed = ("deployment", "outcome", "content", "current", "created", "created_by", "results")

    project: str
    deployment: Name
    outcome: Literal["passed", "failed"] = Field(description="'failed': one of them, or none ran")
    content: tuple[str, ...] = Field(description="packages or bundle that were tested")
    number: int = Field(description="of the update that had brought them about")
    current: bool = Field(default=True, description="whether that is what is deployed now")
    scenarios: tuple[Name, ...] = Field(default=(), description="of a project: its tests")
    results: tuple[TestResult, ...] = Field(description="the failed ones first")
    created: datetime
    created_by: str
