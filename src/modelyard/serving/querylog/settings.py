"""The settings of the query log."""

from __future__ import annotations

from pydantic import Field

from modelyard.kernel.sections import Section


class QueryLogSettings(Section):
    """What the query log holds, and how much of it is kept."""

    enabled: bool = Field(default=True, description="write a line per row that is asked about")
    inputs: bool = Field(default=True, description="with the features and contexts of queries")
    outputs: bool = Field(default=True, description="with the answers")
    megabytes: float = Field(
        default=10, gt=0, le=10_000, description="a file is followed by another at this size"
    )
    hours: float = Field(default=24, gt=0, description="or once it is this old")
    kept: int = Field(
        default=10, ge=1, le=100_000, description="files of each endpoint and process that stay"
    )
    redacted: tuple[str, ...] = Field(
        default=(), description="names whose values are left out, wherever they occur in a query"
    )
    hashed: tuple[str, ...] = Field(
        default=(),
        description="names whose values are replaced by HMAC-SHA256 with a secret of the node",
    )
    buffer_megabytes: float = Field(
        default=32, gt=0, description="lines that may wait; more are lost, and counted"
    )
