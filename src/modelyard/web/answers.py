"""An answer as a value, before it travels."""

from __future__ import annotations

from dataclasses import dataclass, field

from starlette.responses import Response

from modelyard.kernel.version import HEADER, __version__

SAFE = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    HEADER: __version__,
}


@dataclass(frozen=True)
class Answer:
    """A status, a body, and headers."""

    status: int
    body: bytes = b""
    media_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)

    def response(self) -> Response:
        """It as Starlette sends it."""
        kind = self.media_type if self.body else None
        return Response(self.body, self.status, {**SAFE, **self.headers}, kind)
