"""What one can ask of an API node from here; the node itself carries it out."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from modelyard.analysis.activity_types import ActivityChart
from modelyard.analysis.charts.types import Mode
from modelyard.deployments.administering.types import ActivityDrawn
from modelyard.kernel.command import Command
from modelyard.kernel.values import Name, ProjectKey
from modelyard.serving.administration import commands as node
from modelyard.serving.administration.types import ImportedGeneration
from modelyard.serving.watching import commands as watching

NODE = "name of the API node; 'local' is that of the workspace"
SERVICE = "/nodes/{node}/services/{service}"


class OnNode(BaseModel):
    """What is about one API node."""

    node: Name = Field(description=NODE, examples=["local"])


class ListNodeServices(node.ListServices, OnNode):
    """List the services of an API node, and which generations of each are active."""

    needs = "nodes:read"
    route = "GET /nodes/{node}/services"
    arguments = ("node",)


class ListNodeGenerations(node.ListGenerations, OnNode):
    """List the generations of a service on an API node, the newest first, with their shares."""

    needs = "nodes:read"
    route = f"GET {SERVICE}/generations"
    arguments = ("node", "service")


class ImportPackage(Command[ImportedGeneration]):
    """Bring a package of this workspace to an API node, where it answers nothing yet.

    It takes the right to see the package in its project. The node checks its digests and signature,
    and builds its code envs; what it has already stays.
    """

    needs = "nodes:write"
    route = f"POST {SERVICE}/packages"
    title = "Bring {service} {package} to {node}"
    background = True
    arguments = ("node", "service", "package")

    node: Name = Field(description=NODE, examples=["local"])
    service: Name = Field(description="name of the service", examples=["churn-api"])
    package: Name = Field(description="id of the package", examples=["p1"])
    project: ProjectKey = Field(default="default", description="project that the service is in")

    def exclusive_key(self) -> str:
        """A node is brought one package of a service after another."""
        return f"node {self.node}/{self.service}"


class PreloadGeneration(node.Preload, OnNode):
    """Have an API node load a generation and see that it answers as it should, without queries."""

    needs = "nodes:write"
    route = f"POST {SERVICE}/generations/{{generation}}/preload"
    title = "Preload {service} {generation} on {node}"
    background = True
    arguments = ("node", "service", "generation")

    def exclusive_key(self) -> str:
        """A node loads one generation of a service after another."""
        return f"node {self.node}/{self.service}"


class ActivateGeneration(node.Activate, OnNode):
    """Have one generation answer all queries of a service on an API node.

    Every process of the node loads it first, then all switch, and no query is lost. With
    --error-rate or --p99-ms the node goes back by itself if it does too badly.
    """

    needs = "nodes:write"
    route = f"POST {SERVICE}/activate"
    arguments = ("node", "service", "generation")


class ShowNodeMapping(node.ShowMapping, OnNode):
    """Show which generations of a service answer on an API node, and how often each."""

    needs = "nodes:read"
    route = f"GET {SERVICE}/mapping"
    arguments = ("node", "service")


class MapGenerations(node.SetMapping, OnNode):
    """Have several generations share queries, as in: map prod-1 churn-api p1=0.9 p2=0.1.

    Queries with the same dispatchKey are answered by the same generation, on every node. Shadows
    get the same queries, too: their answers are only logged. Switching is as with `activate`.
    """

    needs = "nodes:write"
    route = f"POST {SERVICE}/mapping"
    arguments = ("node", "service", "entries")


class EnableNodeService(node.EnableService, OnNode):
    """Have a service of an API node answer again, by the generations of its mapping."""

    needs = "nodes:write"
    route = f"POST {SERVICE}/enable"
    arguments = ("node", "service")


class DisableNodeService(node.DisableService, OnNode):
    """Have a service of an API node answer no more, and unload it; its mapping is kept."""

    needs = "nodes:write"
    route = f"POST {SERVICE}/disable"
    arguments = ("node", "service")


class SetNodeAccess(node.SetAccess, OnNode):
    """Say who may ask a service of an API node: everybody, whoever has a key, or as packaged."""

    needs = "nodes:write"
    route = f"POST {SERVICE}/access"
    arguments = ("node", "service", "access")


class TryNode(node.TryQuery, OnNode):
    """Ask an endpoint of an API node one query, as in: try local churn-api churn age:=30.

    It is answered as that of any caller, but neither logged nor counted, and needs no key.
    """

    needs = "nodes:read"
    route = f"POST {SERVICE}/endpoints/{{endpoint}}/try"
    arguments = ("node", "service", "endpoint", "query")


class ShowNodeActivity(watching.ShowActivity, OnNode):
    """Show what an API node was asked minute by minute in the last hour, or in up to a day."""

    needs = "nodes:read"
    route = "GET /nodes/{node}/activity"
    arguments = ("node",)


class ListNodeQueries(watching.ListQueries, OnNode):
    """Show the newest lines of an API node's query log of an endpoint, the newest first."""

    needs = "nodes:read"
    route = f"GET {SERVICE}/endpoints/{{endpoint}}/queries"
    arguments = ("node", "service", "endpoint")


class ShowNodeMetrics(node.ShowMetrics, OnNode):
    """Show what the processes of an API node answered: rates, times, errors, workers."""

    needs = "nodes:read"
    route = "GET /nodes/{node}/metrics"
    arguments = ("node",)


class ListNodeProcesses(node.ListProcesses, OnNode):
    """List the running processes of an API node, and what each has loaded."""

    needs = "nodes:read"
    route = "GET /nodes/{node}/processes"
    arguments = ("node",)


class CleanUpNode(node.CleanNode, OnNode):
    """Remove generations from an API node that are not in use, and code envs that none needs."""

    needs = "nodes:write"
    route = "POST /nodes/{node}/clean"
    arguments = ("node",)


class ShowNodeGeneration(watching.ShowGeneration, OnNode):
    """Show what a generation on an API node holds: endpoints, versions, test queries."""

    needs = "nodes:read"
    route = f"GET {SERVICE}/generations/{{generation}}"
    arguments = ("node", "service", "generation")


class TryGeneration(watching.AnswerTests, OnNode):
    """Have an API node answer the test queries of a generation that is loaded.

    They are answered as those of any caller, but neither logged nor counted.
    """

    needs = "nodes:read"
    route = f"POST {SERVICE}/generations/{{generation}}/test"
    arguments = ("node", "service", "generation")


class DropGeneration(node.RemoveGeneration, OnNode):
    """Remove a generation from an API node that neither answers nor shadows."""

    needs = "nodes:write"
    route = f"DELETE {SERVICE}/generations/{{generation}}"
    guarded = True
    arguments = ("node", "service", "generation")


class DrawActivity(Command[ActivityDrawn]):
    """Draw what a service answered in the last hour or day: times, queries by generation, errors.

    The answer is a Vega-Lite spec, and in words what is to be seen on it.
    """

    needs = "nodes:read"
    route = f"GET {SERVICE}/chart"
    arguments = ("node", "service")

    node: Name = Field(description=NODE, examples=["local"])
    service: Name = Field(description="name of the service", examples=["churn-api"])
    endpoint: Name | None = Field(default=None, description="only this endpoint")
    chart: ActivityChart = Field(
        default="times",
        description="'times': within which half, 95 and 99 of 100 queries were answered; "
        "'queries': per second, by generation; 'errors': that failed or were refused",
    )
    span: Literal["hour", "day"] = Field(default="hour", description="how far it looks back")
    mode: Mode = Field(default="light", description="for a light or a dark ground")
