"""What a node takes over HTTP."""

from __future__ import annotations

from pydantic import Field

from modelyard.kernel.sections import Section


class HttpSettings(Section):
    """What each process of a node takes over HTTP."""

    connections: int = Field(
        default=20_000,
        ge=1,
        description="open connections; fewer where the system allows fewer open files",
    )
    max_body_mb: float = Field(default=32, gt=0, description="largest body of a query, MB")
    max_bodies_mb: float = Field(
        default=512,
        gt=0,
        description="large bodies of all queries at the same time, MB; more are turned away",
    )
    max_headers: int = Field(default=100, ge=10, description="header lines of one request")
    max_header_kb: int = Field(
        default=32, ge=1, description="request line and header lines together, KiB"
    )
    client_timeout: float = Field(
        default=30,
        gt=0,
        description="seconds that a client may take to send its headers, to send more of a body "
        "(500 bytes a second on average), or to take more of an answer",
    )
    keep_alive: int = Field(
        default=75, ge=1, description="seconds after which a connection without queries is closed"
    )
    drain_seconds: float = Field(
        default=1,
        ge=0,
        description="seconds for which a node that is told to stop goes on, saying that it is not "
        "alive and asking clients to connect anew: until a load balancer has noticed",
    )
    open_metrics: bool = Field(
        default=False,
        description="whether /metrics is told to everybody, and not only with an admin key",
    )
