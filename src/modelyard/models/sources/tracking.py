"""Which MLflow server is meant, and what whoever asks may show it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from urllib.parse import unquote

from modelyard import errors
from modelyard.data.access import PREFIX, filled_address, mlflow_address, require_reach
from modelyard.kernel import paths
from modelyard.kernel.context import Context
from modelyard.models.sources.lineage import split_uri, without_secrets

PATIENCE = 6.0
"""Seconds that a server may take to answer at all."""
USERNAME, PASSWORD = "MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"


@dataclass(frozen=True)
class TrackingServer:
    """An MLflow server, or a store in its place; the addresses hold no password."""

    uri: str
    registry_uri: str
    """Where registered models are; empty: on the same server."""
    credentials: dict[str, str]
    """What its address told, as variables of MLflow's client."""
    chosen: bool
    """Whoever asks named it; else it is that of the environment or the settings."""
    trusted: bool
    """It may be shown the credentials of whoever runs this process."""


def find_server(
    context: Context,
    project: str,
    tracking_uri: str | None,
    registry_uri: str | None,
    *,
    about: str,
) -> TrackingServer:
    """The MLflow server that is named, else that of the environment, else that of the settings.

    `connection://NAME` names the one of a connection, with its credentials. Where a remote caller
    names one, nothing of the environment's or the settings' is used beside it: one set of
    credentials is shown to both servers.

    Raises:
        Invalid: none is named; the message says that `about` is on one. Or the connection is
            something else. Or an address asks for a variable that is not set.
        NotFound: there is no such connection.
        Forbidden: a remote caller names a database, a folder or a profile of the server's, or a
            variable that it may not use; or the settings do not list the host that is named.
    """
    settings, given = context.settings.sources, os.environ
    tracking_uri = _meant(context, project, tracking_uri)
    registry_uri = _meant(context, project, registry_uri)
    named = [uri for uri in (tracking_uri, registry_uri) if uri]
    chosen = _is_chosen(context, named)
    for each in named:
        split_uri(each)
        require_reach(context, each)
    trusted = context.identity.is_local or not chosen
    if trusted:
        tracking_uri = tracking_uri or given.get("MLFLOW_TRACKING_URI") or settings.tracking_uri
        registry_uri = registry_uri or given.get("MLFLOW_REGISTRY_URI") or settings.registry_uri
    uri, credentials = _without_credentials(tracking_uri or registry_uri or "")
    registry, more = _without_credentials(registry_uri or "")
    if not uri:
        raise errors.Invalid(
            f"{about} is on an MLflow server, and none is named; name it with "
            "--tracking-uri or MLFLOW_TRACKING_URI, such as http://localhost:5000"
        )
    if not trusted and registry and credentials != more:
        _require_one_server(uri, registry)
    return TrackingServer(uri, registry, {**more, **credentials}, chosen, trusted)


def _require_one_server(uri: str, registry: str) -> None:
    """Refuse two servers where a remote caller gave, or only named, credentials of one of them."""
    if split_uri(uri).netloc != split_uri(registry).netloc:
        raise errors.Forbidden(
            f"each of {uri} and {registry} would be shown the credentials of the other; use one of "
            "the two, or ask whoever runs the server to set both"
        )


def _meant(context: Context, project: str, uri: str | None) -> str | None:
    """The address behind `connection://NAME`, or a named one, with its variables filled in."""
    if uri is None:
        return None
    if not uri.startswith(PREFIX):
        return filled_address(context, uri)
    name = uri.removeprefix(PREFIX).rstrip("/")
    if not name or "/" in name:
        raise errors.Invalid(
            f"{paths.shortened(uri)} names no MLflow server; write {PREFIX}NAME, with the name of "
            "a connection alone"
        )
    return mlflow_address(context, project, name)


def patience() -> float:
    """Seconds that a server may take to answer at all; Invalid if the variable is no number."""
    seconds = os.environ.get("MLFLOW_HTTP_REQUEST_TIMEOUT")
    try:
        return float(seconds or PATIENCE)
    except ValueError:
        raise errors.Invalid(
            f"MLFLOW_HTTP_REQUEST_TIMEOUT is {seconds!r}; set it to a number of seconds"
        ) from None


def is_local_store(uri: str) -> bool:
    """Whether a tracking URI is a database or a folder, not a server."""
    return not uri.startswith(("http://", "https://", "databricks", "uc:"))


def _is_chosen(context: Context, named: list[str]) -> bool:
    """Whether a caller chose the server itself; a remote one names one that speaks HTTP.

    Raises:
        Forbidden: a remote caller names a database, a folder or a profile of the server's.
    """
    for uri in () if context.identity.is_local else named:
        if not uri.lower().startswith(("http://", "https://")):
            raise errors.Forbidden(
                f"{paths.shortened(without_secrets(uri))} is none of the MLflow servers that can "
                "be named over HTTP; give an address that begins with http:// or https://"
            )
    return bool(named)


def _without_credentials(uri: str) -> tuple[str, dict[str, str]]:
    """Take user and password out of a server's address: they go another way, not into messages."""
    parts = split_uri(uri)
    if parts.scheme not in ("http", "https") or parts.username is None:
        return uri, {}
    credentials = {
        USERNAME: unquote(parts.username),
        PASSWORD: unquote(parts.password or ""),
    }
    return without_secrets(uri), credentials
