"""Where models come from: folders, archives, connections, MLflow servers, and what plugs bring."""

from __future__ import annotations

import re
from pathlib import Path

from modelyard import errors
from modelyard.kernel.context import Context
from modelyard.kernel.plugs import Plugs
from modelyard.models.sources.connection import fetch_from_connection
from modelyard.models.sources.folder import fetch_file_uri, fetch_path
from modelyard.models.sources.request import Request, Source
from modelyard.models.sources.server import fetch_from_server
from modelyard.models.types import Lineage

__all__ = ["SOURCES", "Request", "Source", "fetch"]

SOURCES: Plugs[Source] = Plugs(
    "sources",
    "source scheme",
    {
        "file": fetch_file_uri,
        "files": fetch_path,
        "connection": fetch_from_connection,
        "runs": fetch_from_server,
        "models": fetch_from_server,
        "mlflow-artifacts": fetch_from_server,
    },
)
"""The kinds of source, by the scheme that a URI starts with; what has none is a local path."""

SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):/")


def fetch(
    context: Context,
    project: str,
    source: str,
    target: Path,
    *,
    tracking_uri: str | None = None,
    registry_uri: str | None = None,
) -> Lineage:
    """Copy the folder of a model (the one with MLmodel) into a folder.

    Args:
        context: the workspace.
        project: key of the project, for its connections.
        source: path of a folder, .zip or .tar.gz; or a URI of one of `SOURCES`.
        target: an empty folder; after an error it may hold a part of the model.
        tracking_uri: MLflow server to read from; else MLFLOW_TRACKING_URI, else the settings.
        registry_uri: MLflow model registry, where it is another server.

    Returns:
        Where the model is from, without secrets.

    Raises:
        Invalid: the scheme is unknown, or there is no safe and whole MLflow model.
        NotFound: nothing is there; the message says what is.
        Unauthenticated, Forbidden: the server wants other credentials.
        Unavailable: the server does not answer, or the download broke off.
        Failed: something cannot be read, or the disk is full.
    """
    if any(target.iterdir()):
        raise errors.Conflict(f"{target} is not empty; a model is copied into an empty folder")
    scheme = SCHEME.match(source)
    fetch_source = SOURCES.get(scheme[1].lower()) if scheme else fetch_path
    return fetch_source(Request(context, project, source, target, tracking_uri, registry_uri))
