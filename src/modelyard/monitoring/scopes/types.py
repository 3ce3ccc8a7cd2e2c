"""The words of monitoring scopes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from modelyard.kernel.values import WEB_PATTERN, Name, Value
from modelyard.monitoring.watching.types import Status

ScopeKind = Literal["http", "mlflow", "inference", "databricks"]
"""What answers there, and so how it is asked: one endpoint, or a list of them."""
Address = Annotated[str, StringConstraints(pattern=WEB_PATTERN, max_length=2000)]
EndpointName = Annotated[str, StringConstraints(min_length=1, max_length=120)]


class ExternalEndpoint(Value):
    """An endpoint elsewhere, as it was last found."""

    listed = ("name", "status", "why", "ms", "seen")

    name: EndpointName
    status: Status
    why: str
    ms: float | None = Field(default=None, description="milliseconds until it said so")
    seen: datetime | None = Field(default=None, description="when it was last there")
    vanished: bool = Field(
        default=False, description="it was there, and is not any more: an error until forgotten"
    )


class Scope(Value):
    """Where endpoints are that are watched, and what was found there."""

    listed = ("name", "kind", "address", "problem", "checked", "endpoints")

    project: str
    name: Name
    kind: ScopeKind
    address: str
    description: str = ""
    has_token: bool = Field(default=False, description="whether it is asked with a token")
    endpoints: tuple[ExternalEndpoint, ...] = ()
    problem: str = Field(default="", description="why what is there could not be found out")
    checked: datetime | None = Field(default=None, description="when it was last asked")
    created: datetime
    created_by: str
    changed: datetime


class ScopeTest(Value):
    """What is found at a scope right now."""

    listed = ("scope", "endpoints")

    scope: Name
    endpoints: tuple[ExternalEndpoint, ...]
