"""The words of what is on MLflow servers."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from modelyard.kernel.values import Value


class Experiment(Value):
    """An experiment of an MLflow server."""

    listed = ("id", "name", "updated")

    id: str
    name: str
    created: datetime | None = None
    updated: datetime | None = None
    link: str = Field(description="its web page")


class LoggedModel(Value):
    """A model that a run has logged."""

    source: str = Field(description="what it is imported by")
    name: str
    flavors: tuple[str, ...] = Field(default=(), description="where the server tells them")
    logged: datetime | None = None


class TrackedRun(Value):
    """A run of an experiment, with the models that it logged."""

    listed = ("id", "name", "status", "started", "user", "sources")

    id: str
    name: str
    status: str = Field(description="as MLflow has it, such as FINISHED")
    user: str | None = None
    started: datetime | None = None
    ended: datetime | None = None
    metrics: dict[str, float | None] = Field(
        default={}, description="the last value of each; None: not a finite number"
    )
    params: dict[str, str] = {}
    models: tuple[LoggedModel, ...] = ()
    sources: tuple[str, ...] = Field(default=(), description="what its models are imported by")
    link: str = Field(description="its web page")


class RegisteredModel(Value):
    """A registered model of an MLflow server."""

    listed = ("name", "latest", "aliases", "updated", "description")

    name: str
    description: str = ""
    created: datetime | None = None
    updated: datetime | None = None
    latest: str | None = Field(default=None, description="its newest version")
    aliases: dict[str, str] = Field(default={}, description="versions by alias")
    link: str = Field(description="its web page")


class RegisteredVersion(Value):
    """A version of a registered model."""

    listed = ("version", "source", "aliases", "stage", "created", "user", "description")

    name: str = Field(description="of the registered model")
    version: str
    source: str = Field(description="what it is imported by")
    aliases: tuple[str, ...] = ()
    stage: str | None = Field(default=None, description="None or as MLflow has it")
    status: str = Field(description="as MLflow has it, such as READY")
    description: str = ""
    user: str | None = None
    run_id: str | None = None
    created: datetime | None = None
    link: str = Field(description="its web page")
