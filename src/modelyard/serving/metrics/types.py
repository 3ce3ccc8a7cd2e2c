"""What is told of how a node is doing."""

from __future__ import annotations

from pydantic import Field

from modelyard.kernel.values import Value

WINDOWS = (60, 300, 3600)


class WindowMetrics(Value):
    """What a generation of an endpoint answered in the last seconds."""

    listed = ("service", "endpoint", "generation", "seconds", "rate", "p50", "p95", "p99", "failed")

    service: str
    endpoint: str
    generation: str
    shadow: bool = Field(default=False, description="of queries whose answers were only logged")
    seconds: int = Field(description="how far it looks back")
    queries: int
    rate: float = Field(description="queries per second")
    p50: float | None = Field(
        default=None,
        description="milliseconds that half of them took at most, refused ones left out",
    )
    p95: float | None = None
    p99: float | None = None
    failed: int = Field(
        description="queries that the node could not answer: 500 and above, not 503"
    )
    refused: int = Field(description="queries that it refused: 400 to 499, and 503")


class PoolMetrics(Value):
    """The workers of an endpoint in a generation, of all processes of the node."""

    service: str
    endpoint: str
    generation: str
    workers: int
    busy: int
    waiting: int = Field(description="queries that wait for a worker")
    restarts: int = Field(description="workers that were replaced")
    memory: int = Field(description="bytes, of all workers together")


class NodeMetrics(Value):
    """How a node is doing."""

    processes: int = Field(description="of the node, which share its port")
    lost_lines: int = Field(description="lines that the query log lost")
    refused: dict[str, int] = Field(
        default={}, description="requests that reached no endpoint, by kind"
    )
    windows: tuple[WindowMetrics, ...] = ()
    pools: tuple[PoolMetrics, ...] = ()
