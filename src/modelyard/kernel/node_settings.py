"""How nodes are reached."""

from __future__ import annotations

from pydantic import Field

from modelyard.kernel.sections import Section


class NodeLinkSettings(Section):
    """How nodes are reached."""

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
