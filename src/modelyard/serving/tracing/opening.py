"""Whether traces are made, which takes packages that a node does without otherwise."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib import import_module
from typing import Protocol

from modelyard import errors
from modelyard.serving.querylog.events import QueryEvent
from modelyard.serving.tracing.settings import TraceSettings

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")


class QueryTraces(Protocol):
    """What makes traces of queries."""

    def record(self, event: QueryEvent) -> None:
        """Take what is told of a query."""

    def close(self) -> None:
        """Send what waits."""


def open_traces(
    settings: TraceSettings, environ: Mapping[str, str] = os.environ
) -> QueryTraces | None:
    """What makes traces, as settings and variables say; None: nobody wants any.

    Raises:
        Unsupported: they are wanted, and OpenTelemetry is not installed.
    """
    wanted = settings.endpoint or any(environ.get(name) for name in ENDPOINTS)
    off = environ.get("OTEL_SDK_DISABLED", "").lower() == "true"
    if not wanted or off or environ.get("OTEL_TRACES_EXPORTER", "").lower() == "none":
        return None
    try:
        spans = import_module("modelyard.serving.tracing.spans")
        traces: QueryTraces = spans.Traces(spans.exporting_provider(settings.endpoint))
    except ImportError as exc:
        raise errors.Unsupported(
            f"traces need OpenTelemetry, which is not installed ({exc}): "
            "pip install 'modelyard[otel]'"
        ) from exc
    return traces
