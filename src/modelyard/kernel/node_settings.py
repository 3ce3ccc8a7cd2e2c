"""How nodes are reached."""

from __future__ import annotations

from pydantic import Field

from modelyard.kernel.sections import Section


class NodeLinkSettings(Section):
    """How nodes are reached, and how the workspace's own API node is run."""

    connect_seconds: float = Field(
        default=5, gt=0, description="seconds in which a node has to take a connection"
    )
    seconds: float = Field(
        default=30, gt=0, description="seconds that a node may take to say how it is"
    )
    work_seconds: float = Field(
        default=1800,
        gt=0,
        description="seconds that a node may take to change, such as to build a code env",
    )
    local: bool = Field(
        default=True,
        description="whether a server runs the workspace's own API node while something is active "
        "on it",
    )
    local_host: str = Field(
        default="127.0.0.1", description="address that the workspace's own API node listens at"
    )
    local_port: int = Field(
        default=8500, ge=0, le=65_535, description="port that it listens at; 0: any free one"
    )
