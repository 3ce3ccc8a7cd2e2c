"""All that answers over HTTP in a process of a node, put together."""

from __future__ import annotations

from collections.abc import Callable

from modelyard.serving.folder import NodeFolder
from modelyard.serving.http.administration import AdministrationApi
from modelyard.serving.http.app import App
from modelyard.serving.http.desk import Desk
from modelyard.serving.http.health import Health
from modelyard.serving.http.inference_api import InferenceApi
from modelyard.serving.http.mlflow_api import MlflowApi
from modelyard.serving.http.numbers import NumbersApi
from modelyard.serving.http.openapi import OpenApi
from modelyard.serving.http.paths import Paths
from modelyard.serving.http.query_api import QueryApi
from modelyard.serving.http.requests import Bodies
from modelyard.serving.http.settings import HttpSettings
from modelyard.serving.keys import KeyRing
from modelyard.serving.metrics.counting import Metrics
from modelyard.serving.plane import DataPlane

MB = 1_000_000


def application(
    plane: DataPlane,
    keys: KeyRing,
    metrics: Metrics,
    settings: HttpSettings,
    folder: NodeFolder,
    *,
    is_stopping: Callable[[], bool],
) -> App:
    """The ASGI application of a node's process.

    Args:
        plane: what answers.
        keys: who may ask.
        metrics: counts what comes to no endpoint, and is told at /metrics.
        settings: what is taken.
        folder: of the node.
        is_stopping: whether the process was told to stop.
    """
    desk = Desk(plane, keys)
    health = Health(desk, folder.not_alive, is_stopping=is_stopping)
    paths = Paths()
    for api in (
        QueryApi(desk),
        MlflowApi(desk, health),
        InferenceApi(desk, health),
        OpenApi(desk),
        NumbersApi(desk, metrics, is_open=settings.open_metrics),
        AdministrationApi(desk, folder),
        health,
    ):
        api.add_to(paths)
    bodies = Bodies(
        largest=round(settings.max_body_mb * MB), together=round(settings.max_bodies_mb * MB)
    )
    return App(paths, bodies, refused=metrics.refuse, is_stopping=is_stopping)
