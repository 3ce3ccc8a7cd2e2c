"""What can be asked of whoever administers a node."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar, Generic, Self, TypeVar

from pydantic import Field, ValidationError, field_validator, model_validator

from modelyard.kernel.command import Command
from modelyard.kernel.faults import invalid
from modelyard.kernel.values import Description, Json, LocalPath, Name, OneLine
from modelyard.serving.administration.types import (
    Cleaned,
    CreatedNode,
    ImportedGeneration,
    NodeGeneration,
    NodeIdentity,
    NodeProcess,
    NodeService,
    Preloaded,
    Switched,
    TriedQuery,
)
from modelyard.serving.keys import NewNodeKey, NodeKey
from modelyard.serving.metrics.types import NodeMetrics
from modelyard.serving.types import Access, GenerationMapping, Guard

R = TypeVar("R")


class NodeCommand(Command[R], Generic[R]):
    """A command about a node; its route is below `/admin/api`, an empty one is not for HTTP.

    `wire` says under which names clients of other makes send a field; an empty one is left out.
    """

    wire: ClassVar[Mapping[str, str]] = {}


class OfService(NodeCommand[R], Generic[R]):
    """A command about one service."""

    arguments: ClassVar[tuple[str, ...]] = ("service",)

    service: Name = Field(description="name of the service", examples=["churn-api"])


class OfGeneration(OfService[R], Generic[R]):
    """A command about one generation of a service."""

    arguments: ClassVar[tuple[str, ...]] = ("service", "generation")

    generation: Name = Field(
        description="name of the generation, which is that of its package", examples=["p1"]
    )


class InitNode(NodeCommand[CreatedNode]):
    """Make an API node of a new or empty folder.

    A node is a folder and the processes that run it: it needs no workspace and no database. What a
    node is set to is in its file node.toml. Next: import a package, activate it, serve.
    """

    needs = "node:write"
    route = ""


class ListServices(NodeCommand[list[NodeService]]):
    """List the services of the node, and which generations of each are active."""

    needs = "node:read"
    route = "GET /services"


class CreateService(OfService[NodeService]):
    """Create a service that has no generation yet.

    Importing a package does that itself; it is needed only to make a key for a service beforehand.
    """

    needs = "node:write"
    route = "POST /services"
    wire = {"serviceId": "service"}


class DeleteService(OfService[None]):
    """Delete a service with all its generations and keys; it answers no more.

    Queries under way are answered. What is unused in code envs stays until `clean`.
    """

    needs = "node:write"
    route = "DELETE /services/{service}"


class _Connected(NodeCommand[R], Generic[R]):
    connections: dict[Name, Name] = Field(
        default={},
        description="the node's connections by which tables are read that stay in databases, by "
        "those of the package, as THEIRS=OURS; else those of the same names",
    )


class ImportGeneration(_Connected[ImportedGeneration]):
    """Import a package: it becomes a generation of its service, and answers nothing yet.

    Its digests and signature are checked, its code envs are built. Queries are answered by the
    generations that were active before; `activate` changes that.
    """

    needs = "node:write"
    route = "POST /services/{service}/generations/actions/importFromArchive"
    arguments = ("file",)
    wire = {"filePath": "file"}

    file: Annotated[str, LocalPath("read")] = Field(
        description="the package, a .zip file as `packages download` writes it"
    )
    service: Name | None = Field(
        default=None, description="refuse a package of another service than this"
    )


class ListGenerations(OfService[list[NodeGeneration]]):
    """List the generations of a service, the newest first, with their share of the queries."""

    needs = "node:read"
    route = "GET /services/{service}/generations"


class RemoveGeneration(OfGeneration[None]):
    """Remove a generation that neither answers nor shadows."""

    needs = "node:write"
    route = "DELETE /services/{service}/generations/{generation}"


class Preload(OfGeneration[Preloaded]):
    """Load a generation and see that it answers as it should, without giving it queries.

    Its golden predictions are compared, its test queries answered. Running processes hold it ready
    until the next switch, which then takes no time. Where none runs it is tried once.
    """

    needs = "node:write"
    route = "POST /services/{service}/generations/{generation}/preload"


class _Guarded(OfService[R], Generic[R]):
    error_rate: float | None = Field(
        default=None,
        ge=0,
        lt=1,
        description="go back to the mapping before when a larger share of its queries fails",
    )
    p99_ms: float | None = Field(
        default=None,
        gt=0,
        description="go back when 1 of 100 queries takes longer, in milliseconds",
    )
    guard_queries: int = Field(
        default=200,
        ge=10,
        le=100_000,
        description="last queries that are looked at for that; of fewer than 100, one that is too "
        "slow is more than 1 of 100",
    )
    guard_minutes: float = Field(
        default=10, gt=0, le=10_080, description="how long that is looked at after the switch"
    )

    def guard(self) -> Guard | None:
        """The guard that was asked for."""
        if self.error_rate is None and self.p99_ms is None:
            return None
        return Guard(
            error_rate=self.error_rate,
            p99_ms=self.p99_ms,
            queries=self.guard_queries,
            minutes=self.guard_minutes,
        )


class Activate(_Connected[Switched], _Guarded[Switched], OfGeneration[Switched]):
    """Have one generation answer all queries of a service.

    Every running process loads it first and sees that it answers as it should; then all switch, and
    no query is lost: what is under way is answered by the generation before. If one process cannot
    load it, nothing changes. The service is enabled. With --error-rate or --p99-ms the node itself
    goes back to what answered before if the new generation does too badly.
    """

    needs = "node:write"
    route = "POST /services/{service}/actions/switchTo/{generation}"


class ActivateNewest(_Guarded[Switched]):
    """Have the generation that was imported last answer all queries of a service."""

    needs = "node:write"
    route = "POST /services/{service}/actions/switchToNewest"


class ShowMapping(OfService[NodeService]):
    """Show which generations of a service answer, and how often each."""

    needs = "node:read"
    route = "GET /services/{service}/mapping"


class SetMapping(_Guarded[Switched]):
    """Have several generations share the queries of a service, as in: map churn-api p1=0.9 p2=0.1.

    Queries with the same dispatchKey are answered by the same generation, on every node; a changed
    mapping moves keys only to generations whose share grew. Shadows get the same queries, too:
    their answers are only logged, and nobody waits for them. Switching is as with `activate`.
    With - in place of the shares they are read from standard input, as {"p1": 0.9, "p2": 0.1} or
    {"entries": [{"generation": "p1", "proba": 0.9}, …]}.
    """

    needs = "node:write"
    route = "POST /services/{service}/actions/setMapping"
    arguments: ClassVar[tuple[str, ...]] = ("service", "entries")

    entries: dict[Name, float] = Field(
        min_length=1,
        description="probability by generation; together 1",
        examples=[{"p1": 0.9, "p2": 0.1}],
    )
    shadows: tuple[Name, ...] = Field(
        default=(), description="generations that get the same queries, and answer nobody"
    )

    @field_validator("entries", mode="before")
    @classmethod
    def _listed_or_named(cls, given: Any) -> Any:
        """Take a list of generation and proba, too, as other clients send it."""
        if isinstance(given, dict) and isinstance(given.get("entries"), list | dict):
            given = given["entries"]
        if not isinstance(given, list | tuple):
            return given
        named = {}
        for entry in given:
            if not isinstance(entry, dict) or not {"generation", "proba"} <= entry.keys():
                raise ValueError("each entry needs a generation and its proba")
            if entry["generation"] in named:
                raise ValueError(f"it has two entries for {entry['generation']!r}")
            named[entry["generation"]] = entry["proba"]
        return named

    @model_validator(mode="after")
    def _is_a_mapping(self) -> Self:
        try:
            self.mapping()
        except ValidationError as exc:
            raise ValueError(invalid(exc).detail) from None
        return self

    def mapping(self) -> GenerationMapping:
        """The mapping that was asked for."""
        return GenerationMapping(entries=self.entries, shadows=self.shadows, guard=self.guard())


class EnableService(OfService[Switched]):
    """Have a service answer again, by the generations of its mapping."""

    needs = "node:write"
    route = "POST /services/{service}/actions/enable"


class DisableService(OfService[Switched]):
    """Have a service answer no more, and unload it; its mapping is kept."""

    needs = "node:write"
    route = "POST /services/{service}/actions/disable"


class SetAccess(OfService[NodeService]):
    """Say who may ask a service: whoever reaches it, whoever has a key, or as its package says."""

    needs = "node:write"
    route = "POST /services/{service}/actions/setAccess"
    arguments: ClassVar[tuple[str, ...]] = ("service", "access")

    access: Access = Field(description="'public', 'keys', or 'package' for what that says")


class TryQuery(OfService[TriedQuery]):
    """Ask an endpoint of a running node one query, as in: predict churn-api churn age:=30.

    It is answered as that of any caller, but neither logged nor counted, and needs no key.
    """

    needs = "node:read"
    route = "POST /services/{service}/endpoints/{endpoint}/actions/predict"
    asks = True
    arguments: ClassVar[tuple[str, ...]] = ("service", "endpoint", "query")

    endpoint: Name = Field(description="name of the endpoint", examples=["churn"])
    query: dict[str, Json] = Field(
        default={}, description="features, keys of a lookup or arguments of a function, by name"
    )
    generation: Name | None = Field(
        default=None, description="the one to answer, if it is loaded; else as for any caller"
    )


class ListNodeKeys(NodeCommand[list[NodeKey]]):
    """List the keys of the node; their secrets are known to nobody but whoever got them."""

    needs = "node:read"
    route = "GET /keys"

    service: Name | None = Field(default=None, description="only keys of this service")


class CreateNodeKey(NodeCommand[NewNodeKey]):
    """Make a key, whose secret is told once: of a service, of one endpoint, or of an administrator.

    Callers send it as user of HTTP Basic with an empty password, or as Bearer. With neither
    --service nor --read-only it administers the node over HTTP.
    """

    needs = "node:write"
    route = "POST /keys"
    wire = {"createdBy": "", "expiry": "expires"}

    service: Name | None = Field(default=None, description="the service that it opens")
    endpoint: Name | None = Field(default=None, description="the only endpoint of it that it opens")
    read_only: bool = Field(default=False, description="an administrator who changes nothing")
    label: OneLine = Field(default="", description="a few words that tell it from others")
    description: Description = Field(default="", description="what it is for")
    days: float | None = Field(
        default=None, gt=0, le=36_500, description="days after which it opens nothing any more"
    )
    expires: datetime | None = Field(
        default=None, description="the moment from which on it opens nothing, in place of days"
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.endpoint and not self.service:
            raise ValueError("a key of an endpoint needs the service, too")
        if self.read_only and self.service:
            raise ValueError("only an administrator's key can be read-only")
        if self.days and self.expires:
            raise ValueError("say days or expires, not both")
        return self


class DeleteNodeKey(NodeCommand[NodeKey]):
    """Delete a key; it opens nothing from now on."""

    needs = "node:write"
    route = "DELETE /keys/{id}"
    arguments = ("id",)

    id: str = Field(description="id of the key, as `keys list` shows it")


class ShowMetrics(NodeCommand[NodeMetrics]):
    """Show what the running processes answered: rates, times, errors, workers."""

    needs = "node:read"
    route = "GET /metrics"


class ListProcesses(NodeCommand[list[NodeProcess]]):
    """List the running processes of the node, and what each has loaded."""

    needs = "node:read"
    route = "GET /processes"


class ShowNodeIdentity(NodeCommand[NodeIdentity]):
    """Show the id of the node, by which workspaces know it under whatever name and address.

    It is made once, in the file `node.id` of its folder.
    """

    needs = "node:read"
    route = "GET /identity"


class CleanNode(NodeCommand[Cleaned]):
    """Remove generations that neither answer nor shadow, and code envs that no generation needs."""

    needs = "node:write"
    route = "DELETE /services-clean-unused"

    keep: int = Field(
        default=1,
        ge=0,
        le=1_000,
        description="newest generations of each service that stay, used or not",
    )
