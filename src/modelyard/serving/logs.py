"""What a node writes on stderr while it runs: as text or as JSON, each line with its request."""

from __future__ import annotations

import logging
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec
from pydantic import Field

from modelyard.kernel.sections import Section

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""The request that is answered; lines that are written meanwhile tell it."""

ACCESS = logging.getLogger("modelyard.node.access")
AUTH = logging.getLogger("modelyard.node.auth")
TEXT = "%(asctime)s %(levelname)s %(name)s%(request)s: %(message)s"


class LogSettings(Section):
    """What a node writes on stderr."""

    format: Literal["text", "json"] = Field(
        default="text", description="'json': an object a line, with the request and what is told"
    )
    access: bool = Field(
        default=False, description="a line for every request; it takes time of each"
    )


class _Text(logging.Formatter):
    def __init__(self) -> None:
        super().__init__(TEXT, "%Y-%m-%d %H:%M:%S")

    def format(self, record: logging.LogRecord) -> str:
        request = getattr(record, "request_id", "") or request_id.get()
        record.request = f" [{request}]" if request else ""
        text = super().format(record)
        told: dict[str, Any] = getattr(record, "told", {})
        return text + "".join(f" {name}={value!r}" for name, value in told.items())


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request := getattr(record, "request_id", "") or request_id.get():
            line["request_id"] = request
        line |= getattr(record, "told", {})
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line, enc_hook=str).decode()


def write_node_log(settings: LogSettings, *, quiet: bool = False) -> None:
    """Write what the node tells, and warnings of what it uses; with `quiet` warnings alone."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Json() if settings.format == "json" else _Text())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("modelyard").setLevel(logging.WARNING if quiet else logging.INFO)
    ACCESS.setLevel(logging.INFO if settings.access else logging.WARNING)


def tell_access(
    request: str, method: str, path: str, *, status: int, address: str, ms: float
) -> None:
    """Say that a request was answered, where each is to be told of."""
    if ACCESS.isEnabledFor(logging.INFO):
        told = {"status": status, "address": address, "ms": round(ms, 3)}
        extra = {"request_id": request, "told": told}
        ACCESS.info("%s %s", method, _shown(path), extra=extra)


def tell_refused_caller(request: str, path: str, *, address: str, why: str) -> None:
    """Say that somebody was not let in; the key itself is never told."""
    extra = {"request_id": request, "told": {"path": _shown(path), "address": address}}
    AUTH.warning("refused a caller: %s", why, extra=extra)


def _shown(text: str) -> str:
    """A text of a caller, on one line and not too long."""
    return text[:500].encode("unicode_escape").decode()
