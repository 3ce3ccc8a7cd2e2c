"""The words of watching a node."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field, JsonValue

from modelyard.kernel.values import Name, Value
from modelyard.serving.packages.types import TestQuery
from modelyard.serving.types import QueryKind

Outcome = Literal["answered", "ignored", "refused", "failed"]
"""answered; ignored by an enrichment or a lookup; refused: 400 to 499, 503; failed: else."""


class Activity(Value):
    """What was asked in a minute, or in as many as were put together."""

    listed = (
        *("minute", "service", "endpoint", "generation", "shadow", "queries", "failed", "refused"),
        *("p50", "p95", "p99"),
    )

    minute: datetime = Field(description="when it began, in UTC")
    service: str
    endpoint: str = Field(default="", description="empty: all of the service together")
    generation: str = Field(default="", description="empty: all of them together")
    shadow: bool = Field(default=False, description="of queries whose answers were only logged")
    queries: int
    failed: int = Field(
        description="queries that the node could not answer: 500 and above, not 503"
    )
    refused: int = Field(description="queries that it refused: 400 to 499, and 503")
    p50: float | None = Field(
        default=None,
        description="milliseconds that half of them took at most, refused ones left out",
    )
    p95: float | None = None
    p99: float | None = None
    buckets: tuple[tuple[int, int], ...] = Field(
        default=(),
        description="of the histogram of times, and how many queries are in each; if asked for",
    )


class LoggedCaller(Value):
    """Who asked, as far as the log says."""

    kind: str = ""
    label: str = Field(default="", description="of the key")
    address: str = ""


class LoggedQuery(Value):
    """A line of the query log: one row of a query."""

    listed = ("time", "generation", "outcome", "ms", "request_id", "row", "features", "result")

    time: datetime = Field(description="when it was over, in UTC")
    generation: str
    outcome: Outcome
    status: int | None = Field(default=None, description="of HTTP")
    ms: float = Field(default=0, description="milliseconds from its arrival to its answer")
    request_id: str
    row: int | None = Field(default=None, description="its place in the query, from 0")
    shadow: bool = False
    problem: str = Field(default="", description="kind of the error that refused it")
    reason: str = ""
    ignored: str = Field(default="", description="why it was left out")
    caller: LoggedCaller = LoggedCaller()
    timings: dict[str, int] = Field(
        default={}, description="microseconds by part; `batch` is rows of the call"
    )
    features: JsonValue = None
    enriched: JsonValue = None
    result: JsonValue = None
    context: JsonValue = None
    params: JsonValue = None


class LoggedQueries(Value):
    """The newest lines of a query log, the newest first."""

    queries: tuple[LoggedQuery, ...]
    complete: bool = Field(
        description="false: there may be more that fit, beyond the limit or further back than "
        "was looked"
    )


class GenerationEndpoint(Value):
    """An endpoint of a generation, and what it is tried with."""

    name: Name
    kind: QueryKind
    description: str = ""
    project: str = Field(default="", description="where the version was made that it answers with")
    model: str = Field(default="", description="saved model that it answers with, if it does")
    version: str = ""
    test_queries: tuple[TestQuery, ...] = ()


class GenerationContent(Value):
    """What a generation holds."""

    service: Name
    generation: Name
    notes: str = Field(description="release notes of its package")
    public: bool = Field(description="whether its package says that whoever reaches it may ask")
    created: datetime = Field(description="when the package was made")
    created_by: str
    made_with: str = Field(description="version of Modelyard")
    endpoints: tuple[GenerationEndpoint, ...]


class AnsweredTest(Value):
    """What a running node answered to a test query."""

    listed = ("endpoint", "query", "outcome", "ms", "answer", "problem")

    endpoint: Name
    query: Name
    outcome: Literal["as_expected", "answered", "failed"] = Field(
        description="'as_expected'; 'answered': nothing was expected; 'failed': refused, or "
        "answered otherwise than expected"
    )
    generation: str = Field(default="", description="that answered")
    answer: dict[str, JsonValue] | None = None
    ignored: str = Field(default="", description="why an enrichment left it out")
    ms: float = Field(default=0, description="milliseconds that it took")
    problem: str = ""
