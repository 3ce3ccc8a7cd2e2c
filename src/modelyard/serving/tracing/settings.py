"""The settings of traces."""

from __future__ import annotations

from pydantic import Field

from modelyard.kernel.sections import Section


class TraceSettings(Section):
    """Where traces of queries go. The variables OTEL_* of OpenTelemetry hold, too."""

    endpoint: str = Field(
        default="",
        pattern=r"^(https?://\S+)?$",
        description="address that takes traces by OTLP over HTTP, such as "
        "http://collector:4318/v1/traces; empty: what OTEL_EXPORTER_OTLP_ENDPOINT says, else none",
    )
