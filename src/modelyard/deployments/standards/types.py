"""The words of standards."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from modelyard.kernel.values import Description, Name, ProjectKey, Value

WORST = 5
Severity = Annotated[int, Field(ge=1, le=WORST)]
"""How bad it is that a project does not meet a standard, from 1 to 5."""
StandardKind = Literal["built_in", "python"]
StandardOutcome = Literal["met", "unmet", "not_applicable", "error"]


class Standard(Value):
    """Something that has to hold of projects."""

    listed = ("name", "kind", "severity", "projects", "disabled", "description")

    name: Name
    kind: StandardKind
    description: Description = ""
    severity: Severity = Field(
        description="of a project that does not meet it; a function may give another"
    )
    projects: tuple[ProjectKey, ...] = Field(default=(), description="that it is for; none: all")
    disabled: bool = Field(default=False, description="nobody is asked to meet it")
    code: str = Field(default="", description="python: with the function `standard`")
    seconds: float = Field(default=30, description="python: that it may take at most")
    changed: datetime | None = Field(default=None, description="None: as it was from the start")
    changed_by: str | None = None


class StandardResult(Value):
    """Whether a project meets a standard."""

    listed = ("standard", "outcome", "severity", "message")

    standard: Name
    description: str = ""
    outcome: StandardOutcome = Field(
        description="'error': its function could not say, which counts as the worst"
    )
    severity: int = Field(ge=0, le=WORST, description="0: nothing is wrong")
    message: str = Field(default="", description="what is wrong")
    advice: str = Field(default="", description="what to do")


class StandardReport(Value):
    """Which standards a project meets."""

    listed = ("project", "severity", "created", "created_by", "results")

    project: ProjectKey
    severity: int = Field(ge=0, le=WORST, description="the worst of all; 0: nothing is wrong")
    results: tuple[StandardResult, ...] = Field(description="the worst first")
    created: datetime
    created_by: str


class EndpointSeen(Value):
    """An endpoint of a service."""

    name: str
    kind: str
    model: str | None
    queries: int = Field(description="test queries that it has")


class ServiceSeen(Value):
    """A service."""

    name: str
    description: str
    access: str
    endpoints: tuple[EndpointSeen, ...]


class VersionSeen(Value):
    """The active version of a saved model."""

    version: str
    description: str
    flavor: str
    verdict: str = Field(description="of the scan of its files")
    imported: datetime
    env: str = Field(description="id of its code env, or 'local'")
    requirements: tuple[str, ...] = Field(description="that it asked for")
    relaxed: tuple[str, ...] = Field(description="what was built otherwise than asked for")
    evaluated: datetime | None = Field(description="when it last was; None: never")


class ModelSeen(Value):
    """A saved model."""

    name: str
    description: str
    prediction_type: str
    versions: int
    active: VersionSeen | None


class StoreSeen(Value):
    """An evaluation store."""

    name: str
    status: str = Field(description="'none', 'healthy', 'warning' or 'error', by its checks")
    why: str


class ProjectSeen(Value):
    """What is known of a project when its standards are asked."""

    key: str
    description: str
    admins: tuple[str, ...] = Field(description="users and groups that are its admins")
    models: tuple[ModelSeen, ...] = ()
    services: tuple[ServiceSeen, ...] = ()
    stores: tuple[StoreSeen, ...] = ()
