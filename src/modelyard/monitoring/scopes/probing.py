"""Asks what is at a monitoring scope: one function for each kind of server."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from modelyard import errors
from modelyard.kernel.alert_settings import MonitoringSettings
from modelyard.monitoring.scopes.types import ExternalEndpoint, Scope, ScopeKind
from modelyard.monitoring.watching.types import Status
from modelyard.sending.calling import Called, call

LARGEST = 8 << 20
"""Bytes of an answer."""
GONE = (404, 410)
MOST = 2000
"""Endpoints that are told of a scope."""

Ask = Callable[[str, str], Called]
"""Sends a request by its method, to a path below the address of a scope."""


def probe(scope: Scope, token: str, settings: MonitoringSettings) -> tuple[ExternalEndpoint, ...]:
    """What is there now.

    Raises:
        Forbidden: monitoring may not call that host.
        Unavailable: it cannot be reached, or does not answer in time.
        Failed: it does not answer as a server of its kind.
    """
    began = time.monotonic()

    def ask(method: str, path: str) -> Called:
        headers = {"accept": "application/json, */*"}
        if token:
            headers["authorization"] = f"Bearer {token}"
        return call(
            method,
            scope.address.rstrip("/") + path if path else scope.address,
            headers=headers,
            allowed=settings.scopes,
            setting="monitoring.scopes",
            seconds=settings.timeout,
            most=LARGEST,
        )

    found = tuple(PROBES[scope.kind](scope, ask))
    ms = round((time.monotonic() - began) * 1000, 1)
    return tuple(each.model_copy(update={"ms": ms}) for each in found)


def _http(scope: Scope, ask: Ask) -> Iterator[ExternalEndpoint]:
    yield _one(scope, ask("GET", ""))


def _mlflow(scope: Scope, ask: Ask) -> Iterator[ExternalEndpoint]:
    """`mlflow models serve` answers /ping with 200 while its model is loaded."""
    yield _one(scope, ask("GET", "/ping"))


def _inference(_scope: Scope, ask: Ask) -> Iterator[ExternalEndpoint]:
    """The repository extension: https://github.com/triton-inference-server/server, protocol."""
    listed = _listed(ask("POST", "/v2/repository/index"))
    models: dict[str, list[Mapping[str, Any]]] = {}
    for each in listed if isinstance(listed, list) else []:
        if isinstance(each, dict) and each.get("name"):
            models.setdefault(str(each["name"]), []).append(each)
    for name, versions in models.items():
        states = [str(each.get("state") or "READY") for each in versions]
        ready = "READY" in states
        reason = next((str(each["reason"]) for each in versions if each.get("reason")), "")
        why = "it is ready" if ready else f"it is {states[0].lower()}"
        yield _named(name, "healthy" if ready else "error", why, "" if ready else reason)


def _databricks(_scope: Scope, ask: Ask) -> Iterator[ExternalEndpoint]:
    """GET /api/2.0/serving-endpoints, as the workspace API of Databricks documents it."""
    listed = _listed(ask("GET", "/api/2.0/serving-endpoints"))
    for each in listed.get("endpoints", ()) if isinstance(listed, dict) else ():
        state = each.get("state") or {}
        updating = str(state.get("config_update", "NOT_UPDATING"))
        name = str(each.get("name", ""))
        if state.get("ready") != "READY":
            yield _named(name, "error", "it is not ready")
        elif updating in ("UPDATE_FAILED", "UPDATE_CANCELED"):
            yield _named(name, "warning", f"its last update {updating[7:].lower()}")
        else:
            yield _named(name, "healthy", "it is ready")


PROBES: Mapping[ScopeKind, Callable[[Scope, Ask], Iterator[ExternalEndpoint]]] = {
    "http": _http,
    "mlflow": _mlflow,
    "inference": _inference,
    "databricks": _databricks,
}


def _one(scope: Scope, answer: Called) -> ExternalEndpoint:
    """An endpoint that is all of its scope."""
    if answer.status < 400:
        return _named(scope.name, "healthy", f"it answered {answer.status}")
    found = _named(scope.name, "error", f"it answered {answer.status}")
    if answer.status in GONE:
        return found.model_copy(update={"vanished": True, "why": "it is no longer there"})
    return found


def _named(name: str, status: Status, why: str, more: str = "") -> ExternalEndpoint:
    return ExternalEndpoint(name=name[:120], status=status, why=f"{why}: {more}" if more else why)


def _listed(answer: Called) -> Any:
    if answer.status in (401, 403):
        raise errors.Failed(f"it answered {answer.status}: its token is missing, or not taken")
    if answer.status >= 400:
        raise errors.Failed(f"it answered {answer.status} where it should list its endpoints")
    try:
        return json.loads(answer.body)
    except ValueError as exc:
        raise errors.Failed("its list of endpoints is no JSON") from exc
