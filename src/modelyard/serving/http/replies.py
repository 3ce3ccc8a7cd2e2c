"""Answers, and JSON as they hold it."""

from __future__ import annotations

from typing import Any

import msgspec

from modelyard import errors

JSON = "application/json"
AS_JSON = (b"content-type", JSON.encode())
Headers = tuple[tuple[bytes, bytes], ...]

_ENCODER = msgspec.json.Encoder(enc_hook=str)


class Reply(msgspec.Struct, frozen=True):
    """A status, a body, and what its headers say."""

    body: bytes = b""
    status: int = 200
    media_type: str = JSON
    headers: Headers = ()

    def all_headers(self) -> list[tuple[bytes, bytes]]:
        """Every header that describes this answer."""
        kind = AS_JSON if self.media_type is JSON else (b"content-type", self.media_type.encode())
        return [kind, (b"content-length", b"%d" % len(self.body)), *self.headers]


def json_of(value: Any) -> bytes:
    """A value as JSON: numbers that are not finite are null, moments ISO 8601, bytes base64.

    Raises:
        Failed: a text in it is no Unicode, or it is nested too deeply.
    """
    try:
        return _ENCODER.encode(value)
    except (UnicodeEncodeError, RecursionError, TypeError, ValueError) as exc:
        raise errors.Failed(f"what was answered cannot be written as JSON: {exc}") from exc


def reply_of(value: Any, status: int = 200, headers: Headers = ()) -> Reply:
    """A value as an answer in JSON."""
    return Reply(json_of(value), status, headers=headers)
