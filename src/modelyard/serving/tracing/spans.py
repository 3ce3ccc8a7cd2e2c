"""From a query that is over to its spans: the query, and in it enrichment, queue and model."""

from __future__ import annotations

import os
from typing import Any

from opentelemetry import trace
from opentelemetry.propagate import extract
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import Span, SpanKind, Status, StatusCode

from modelyard.serving.querylog.events import QueryEvent

NAME = "modelyard.node"


class Traces:
    """Makes the spans of a query once it is over, of what was measured, so that it never waits."""

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer(NAME)

    def record(self, event: QueryEvent) -> None:
        """Make the spans of a query, below that of the caller if it names one in `traceparent`."""
        end = round(event.time * 1e9)
        begin = end - round(event.seconds * 1e9)
        span = self._tracer.start_span(
            f"{event.service}/{event.endpoint}",
            extract({"traceparent": event.caller.trace}),
            kind=SpanKind.SERVER,
            start_time=begin,
            attributes=_attributes(event),
        )
        if event.problem:
            span.set_status(Status(StatusCode.ERROR, event.problem))
        if span.is_recording():
            self._parts(span, event, begin)
        span.end(end)

    def _parts(self, span: Span, event: QueryEvent, begin: int) -> None:
        """What the query went through, one after another."""
        timings = event.timings
        if timings is None:
            return
        inside = trace.set_span_in_context(span)
        at = begin
        for name, took in (
            ("check", timings.preprocessing),
            ("enrichment", timings.enrichment),
            ("queue", timings.waited),
            ("model", timings.model),
        ):
            if took:
                part = self._tracer.start_span(name, inside, start_time=at)
                if name == "model":
                    part.set_attribute("modelyard.batch_rows", timings.batch)
                at += took * 1000
                part.end(at)

    def close(self) -> None:
        """Send what waits."""
        self._provider.shutdown()


def _attributes(event: QueryEvent) -> dict[str, Any]:
    return {
        "modelyard.service": event.service,
        "modelyard.endpoint": event.endpoint,
        "modelyard.generation": event.generation,
        "modelyard.request_id": event.request_id,
        "modelyard.rows": event.row_count,
        "modelyard.shadow": event.shadow,
        "http.response.status_code": event.status,
    }


def exporting_provider(endpoint: str) -> TracerProvider:
    """What sends spans by OTLP over HTTP, in a thread, as OTEL_* say.

    Raises:
        ImportError: the exporter is not installed.
    """
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
        OTLPSpanExporter,
    )
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    name = {} if os.environ.get("OTEL_SERVICE_NAME") else {"service.name": "modelyard-node"}
    provider = TracerProvider(resource=Resource.create(name))
    exporter = OTLPSpanExporter(endpoint=endpoint or None)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider
