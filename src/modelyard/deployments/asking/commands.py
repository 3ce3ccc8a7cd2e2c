"""What one can ask what is deployed."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from modelyard.deployments.asking.types import (
    DeployedAnswer,
    DeployedEndpoint,
    DeployedRuns,
    TestingStatus,
)
from modelyard.deployments.deploying.commands import OfDeployment
from modelyard.kernel.values import Json, Name


class ListDeployedEndpoints(OfDeployment[list[DeployedEndpoint]]):
    """List the endpoints of a deployment: where each of them answers, and what it is asked."""

    needs = "deployments:read"
    route = "GET /deployments/{name}/endpoints"
    arguments = ("name",)


class AskDeployment(OfDeployment[DeployedAnswer]):
    """Ask an endpoint of a deployment one query, as in: ask churn-prod churn age:=30.

    The first node that can be reached answers as to any caller, but neither logs nor counts it, and
    wants no key. It takes the permission `query` on the infrastructure.
    """

    needs = "deployments:run"
    route = "POST /deployments/{name}/endpoints/{endpoint}/ask"
    asks = True
    arguments = ("name", "endpoint", "query")

    endpoint: Name = Field(description="name of the endpoint", examples=["churn"])
    query: dict[str, Json] = Field(
        default={}, description="features, keys of a lookup or arguments of a function, by name"
    )
    node: Name | None = Field(
        default=None, description="the one that is to answer  [the first that can be reached]"
    )
    package: Name | None = Field(
        default=None, description="the one that is to answer, if it is loaded  [as for any caller]"
    )


class TestDeployment(OfDeployment[TestingStatus]):
    """Run the tests of a deployment on all its nodes, keep what came of them, fail if one does.

    Of a service they are the test queries of the packages that answer; of a project scenarios,
    which run there one after another, as whoever the workspace signs in as.
    """

    __test__: ClassVar[bool] = False  # not a test of pytest's
    needs = "deployments:run"
    route = "POST /deployments/{name}/test"
    background = True
    arguments = ("name",)
    title = "Test {name}"

    scenario: tuple[Name, ...] = Field(
        default=(),
        max_length=100,
        description="of a project: scenarios there that are its tests  [those of the last time]",
    )
    minutes: float = Field(
        default=30, gt=0, le=1440, description="that a scenario may take at most"
    )


class ListDeployedRuns(OfDeployment[DeployedRuns]):
    """List when scenarios of a deployed project ran on its nodes, and how that ended.

    All nodes are asked at once; what one does not tell in time is left out, and said.
    """

    needs = "deployments:read"
    route = "POST /deployments/{name}/runs"
    asks = True
    arguments = ("name",)

    limit: int = Field(default=50, ge=1, le=500, description="the newest runs, so many at most")
    seconds: float = Field(default=10, gt=0, le=60, description="that the nodes have to tell")


class ShowTesting(OfDeployment[TestingStatus]):
    """Show what came of the tests of a deployment when they were last run."""

    needs = "deployments:read"
    route = "GET /deployments/{name}/testing"
    arguments = ("name",)
