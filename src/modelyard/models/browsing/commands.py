"""What one can ask of MLflow servers: which experiments, runs, models and versions there are."""

from __future__ import annotations

from typing import Generic, TypeVar

from pydantic import Field

from modelyard.kernel.command import ProjectCommand
from modelyard.kernel.paging import Paged
from modelyard.models.browsing.types import (
    Experiment,
    RegisteredModel,
    RegisteredVersion,
    TrackedRun,
)
from modelyard.models.commands import RegistryUri, TrackingUri

R = TypeVar("R")


class BrowseCommand(ProjectCommand[R], Paged, Generic[R]):
    """A list that an MLflow server is asked for, over its REST API."""

    needs = "mlflow:read"

    tracking_uri: TrackingUri = None


class ListExperiments(BrowseCommand[list[Experiment]]):
    """List the experiments of an MLflow server, the newest first."""

    route = "GET /mlflow/experiments"

    search: str = Field(default="", description="only names that contain this")


class ListTrackedRuns(BrowseCommand[list[TrackedRun]]):
    """List the runs of an experiment with the models that they logged, the newest first."""

    route = "GET /mlflow/experiments/{experiment}/runs"
    arguments = ("experiment",)

    experiment: str = Field(min_length=1, description="id of the experiment", examples=["1"])
    search: str = Field(default="", description="only runs whose names contain this")


class ListRegisteredModels(BrowseCommand[list[RegisteredModel]]):
    """List the registered models of an MLflow server by name."""

    route = "GET /mlflow/models"

    registry_uri: RegistryUri = None
    search: str = Field(default="", description="only names that contain this")


class ListRegisteredVersions(BrowseCommand[list[RegisteredVersion]]):
    """List the versions of a registered model, the newest first."""

    route = "GET /mlflow/models/{name}/versions"
    arguments = ("name",)

    name: str = Field(min_length=1, description="name of the registered model")
    registry_uri: RegistryUri = None
