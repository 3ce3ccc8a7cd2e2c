"""Reading what a client sends: of the right kind, within limits, in time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

from starlette.requests import Request

from modelyard import errors
from modelyard.kernel.settings import ServerSettings
from modelyard.web.problems import Refused

JSON = "application/json"
SLOWEST = 500
"""Bytes a second that a body brings at least, beyond the time that it may be silent."""


async def read_all(request: Request, limits: ServerSettings) -> bytes:
    """The whole JSON body of a request.

    Raises:
        Refused: it is of another kind (415), too large (413), too slow (408) or cut off (400).
    """
    most = limits.max_json_kb * 1024
    declared = declared_length(request)
    if declared > most:
        raise too_large(most)
    parts: list[bytes] = []
    size = 0
    async for part in arriving(request, limits.client_timeout):
        size += len(part)
        if size > most:
            raise too_large(most)
        parts.append(part)
    body = b"".join(parts)
    if body:
        _require_json(request)
    return body


async def arriving(request: Request, timeout: float) -> AsyncIterator[bytes]:
    """A body, part by part.

    Raises:
        Refused: the next part takes too long (408), all of them do, or the client went away (400).
    """
    more, waited, size = True, 0.0, 0
    while more:
        began = time.monotonic()
        try:
            async with asyncio.timeout(min(timeout, timeout + size / SLOWEST - waited)):
                message = await request.receive()
        except TimeoutError as exc:
            raise Refused(
                408,
                errors.Invalid(
                    f"nothing more of the body came for {timeout:g} seconds, or less than "
                    f"{SLOWEST} bytes a second for longer"
                ),
                {"connection": "close"},
            ) from exc
        waited += time.monotonic() - began
        if message["type"] == "http.disconnect":
            raise Refused(400, errors.Invalid("the client went away before its body was whole"))
        more = message.get("more_body", False)
        request.state.more_to_come = more
        if part := message.get("body", b""):
            size += len(part)
            yield part


def has_more_to_come(request: Request) -> bool:
    """Whether a body was announced that was not read to its end."""
    announced = declared_length(request) > 0 or "transfer-encoding" in request.headers
    found: bool = getattr(request.state, "more_to_come", announced)
    return found


def declared_length(request: Request) -> int:
    """What Content-Length says; 0 where it is not given."""
    text = request.headers.get("content-length", "")
    return int(text) if text.isdecimal() and text.isascii() and len(text) < 20 else 0


def too_large(most: int) -> Refused:
    """413, and no more of this connection: what is still to come would be read as a request."""
    detail = f"the body is larger than {most:,} bytes, which is the most that is taken here"
    return Refused(413, errors.Invalid(detail), {"connection": "close"})


def require_acceptable(request: Request, kind: str = JSON) -> None:
    """Check that the client takes what it will be sent.

    Raises:
        Refused: it does not (406).
    """
    accepted = request.headers.get("accept", "").strip().lower()
    if not accepted:
        return
    family = kind.partition("/")[0]
    for part in accepted.split(","):
        name, *options = (piece.strip() for piece in part.split(";"))
        if name in {kind, f"{family}/*", "*/*"} and not _is_refusal(options):
            return
    raise Refused(406, errors.Unsupported(f"this answers {kind}; accept that, or */*"))


def _is_refusal(options: list[str]) -> bool:
    return any(option in {"q=0", "q=0.0", "q=0.00", "q=0.000"} for option in options)


def _require_json(request: Request) -> None:
    given = request.headers.get("content-type", "")
    kind, *options = (piece.strip().lower() for piece in given.split(";"))
    charsets = {option.partition("=")[2].strip('"') for option in options if "charset" in option}
    if kind != JSON or charsets - {"utf-8", "utf8"}:
        told = f"not {given[:100]!r}" if given else "and this request names none"
        raise Refused(
            415,
            errors.Unsupported(f"the body has to be {JSON} in UTF-8, {told}"),
            {"accept": JSON},
        )
