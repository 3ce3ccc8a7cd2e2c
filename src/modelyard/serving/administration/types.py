"""The words of administering a node."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from pydantic import Field, JsonValue

from modelyard.kernel.values import Name, Value
from modelyard.serving.types import Access, FallBack, GenerationMapping, Guard


class CreatedNode(Value):
    """A node that was made of a folder."""

    folder: str
    next: str = Field(description="what to do next")


class NodeService(Value):
    """A service of a node."""

    listed: ClassVar[tuple[str, ...]] = (
        *("service", "enabled", "active", "shadows", "endpoints", "generations", "access"),
        "problem",
    )

    service: Name
    enabled: bool
    active: dict[str, float] = Field(
        default={}, description="share of the queries by generation; empty: none is active"
    )
    shadows: tuple[str, ...] = ()
    guard: Guard | None = None
    endpoints: tuple[str, ...] = Field(
        default=(), description="of the generation that answers most, else of the newest"
    )
    generations: int = Field(description="how many it has, active or not")
    access: Access
    revision: int
    changed: datetime
    changed_by: str
    fell_back: FallBack | None = None
    problem: str = Field(
        default="",
        description="what processes say that is wrong, and from what the guard went back",
    )


class AnsweringVersion(Value):
    """The version that an endpoint of a generation answers with."""

    endpoint: Name
    project: str = Field(description="where the version was made; empty: not known")
    model: str
    version: str


class NodeGeneration(Value):
    """A generation of a service: a package that was imported."""

    listed: ClassVar[tuple[str, ...]] = (
        *("generation", "share", "shadow", "loaded", "created", "created_by", "endpoints", "notes"),
    )

    service: Name
    generation: Name
    share: float = Field(description="of the queries that it answers; 0: none")
    shadow: bool = Field(description="it gets the queries, and its answers are only logged")
    loaded: int = Field(description="running processes that have it in memory")
    created: datetime = Field(description="when the package was made")
    created_by: str
    notes: str
    endpoints: tuple[str, ...]
    models: tuple[str, ...] = Field(description="ids of the versions in it")
    versions: tuple[AnsweringVersion, ...] = Field(
        default=(), description="of endpoints that answer with predictions"
    )
    envs: tuple[str, ...] = Field(description="ids of its code envs")


class NodeIdentity(Value):
    """Which node it is."""

    id: str = Field(description="made once in its folder")


class ImportedGeneration(Value):
    """A package that became a generation."""

    service: Name
    generation: Name
    new: bool = Field(description="whether it was not here before")
    endpoints: tuple[str, ...]
    connections: dict[str, str] = Field(
        default={}, description="the node's connections by those that the package reads tables by"
    )
    problem: str = Field(default="", description="why tables cannot be read by them yet")
    next: str = Field(description="what to do next")


class Switched(Value):
    """What answers from now on."""

    service: Name
    enabled: bool
    active: dict[str, float] = Field(
        default={}, description="share of the queries by generation; empty: none answers"
    )
    mapping: GenerationMapping | None = None
    processes: int = Field(description="running processes that switched")
    note: str = ""


class Preloaded(Value):
    """A generation that was seen to answer as it should."""

    service: Name
    generation: Name
    processes: int = Field(
        description="running processes that hold it ready; 0: none runs, and it was tried here"
    )


class TriedQuery(Value):
    """What an endpoint answered to a query that was tried."""

    generation: Name
    answer: dict[str, JsonValue] = Field(
        description="prediction and probas, columns of a lookup, or the response of a function"
    )
    ignored: str = Field(default="", description="why an enrichment or a lookup left it out")
    ms: float = Field(description="milliseconds that it took")


class Cleaned(Value):
    """What was removed since nothing used it."""

    generations: tuple[str, ...] = Field(description="as SERVICE/GENERATION")
    envs: tuple[str, ...] = Field(description="ids of code envs")


class NodeProcess(Value):
    """A running process of a node."""

    listed: ClassVar[tuple[str, ...]] = ("pid", "started", "loaded", "workers", "memory_mb")

    pid: int
    started: datetime
    starting: bool = Field(
        default=False, description="it loads what is active, and answers nothing yet"
    )
    loaded: tuple[str, ...] = Field(description="generations in memory, as SERVICE/GENERATION")
    workers: int
    memory_mb: float = Field(description="of its workers together")
