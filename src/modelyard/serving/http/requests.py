"""A request as handlers see it: its path is known, its body is read within limits."""

from __future__ import annotations

import json
import math
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from itertools import count
from typing import Any
from urllib.parse import unquote_to_bytes

import msgspec

from modelyard import errors
from modelyard.serving.http.problems import Refused

Message = dict[str, Any]
Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

CLOSE = ((b"connection", b"close"),)
TOO_MUCH = "this node has too many large queries at once; try again, or another node"
LONGEST_ID = 128
MOST_PARAMETERS = 10_000
OUT_OF_RANGE = "Number out of range"
"""As msgspec says it."""
LARGEST_SEARCHED = 100_000

_BORN = secrets.token_hex(6)
_COUNT = count(1)
_ANYTHING = msgspec.json.Decoder()


class Request:
    """One request; `id` is the client's `X-Request-Id`, or made."""

    __slots__ = ("_bodies", "_held", "_receive", "headers", "id", "method", "scope", "was_asked")

    def __init__(self, scope: Scope, receive: Receive, bodies: Bodies) -> None:
        self.scope = scope
        self.method: str = scope["method"]
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.id = _id_in(self.headers)
        self._receive = receive
        self._bodies = bodies
        self._held = 0
        self.was_asked = False
        """Whether it came to an endpoint, which then counts it."""

    @property
    def address(self) -> str:
        """Where it comes from; empty where that is not known."""
        client = self.scope.get("client")
        return client[0] if client else ""

    @property
    def content_type(self) -> str:
        """What its body is said to be, in small letters and without parameters."""
        given = self.headers.get(b"content-type", b"").decode("latin-1")
        return given.partition(";")[0].strip().lower()

    def query(self) -> list[tuple[str, str]]:
        """The names and values of its query, in order.

        Raises:
            Invalid: a part of it is not UTF-8, or there are too many.
        """
        parts = self.scope["query_string"].split(b"&")
        if len(parts) > MOST_PARAMETERS:
            raise errors.Invalid(f"the query has more than {MOST_PARAMETERS:,} parameters")
        pairs = (part.replace(b"+", b" ").partition(b"=") for part in parts if part)
        return [(_text(name), _text(value)) for name, _, value in pairs]

    async def read(self) -> bytes:
        """Its body; it can be read once.

        Raises:
            Refused: it is too large (413), or all that are being answered are (503).
            Disconnected: the client went away.
        """
        body, self._held = await self._bodies.read(self.headers, self._receive)
        return body

    async def parts(self) -> AsyncIterator[bytes]:
        """Its body piece by piece, however large it is; it can be read once.

        Raises:
            Disconnected: the client went away.
        """
        more = True
        while more:
            part, more = _part_of(await self._receive())
            yield part

    async def read_object(self) -> dict[str, Any]:
        """The JSON object in its body, whatever its content type says; without a body, {}.

        Raises:
            Invalid: it is no JSON, no object, nested too deeply, or holds a number out of range.
            Refused, Disconnected: as `read`.
        """
        body = await self.read()
        found = read_json(body) if body else {}
        if not isinstance(found, dict):
            raise errors.Invalid("the body is JSON, but no object; send {…}")
        return found

    def done(self) -> None:
        """It is answered, and its body is needed no more."""
        if self._held:
            self._bodies.release(self._held)
            self._held = 0


class Bodies:
    """Reads bodies: each within a size, all that are being read or answered within another."""

    def __init__(self, *, largest: int, together: int) -> None:
        """Sizes in bytes."""
        self._largest = largest
        self._left = max(together, largest)

    async def read(self, headers: dict[bytes, bytes], receive: Receive) -> tuple[bytes, int]:
        """Read a body; the second value is to be given back by `release`, in bytes.

        Raises:
            Refused: it is too large (413), or all of them are (503).
            Disconnected: the client went away.
        """
        announced = headers.get(b"content-length", b"0")
        if announced.isdigit() and int(announced) > self._largest:
            raise self._too_large()
        part, more = _part_of(await receive())
        if more:
            return await self._read_on(receive, part)
        if len(part) > self._largest:
            raise self._too_large()
        return part, 0

    def release(self, size: int) -> None:
        """Give back what `read` took."""
        self._left += size

    async def _read_on(self, receive: Receive, first: bytes) -> tuple[bytes, int]:
        parts, size, more = [first], len(first), True
        self._left -= size
        try:
            while more:
                part, more = _part_of(await receive())
                parts.append(part)
                size += len(part)
                self._left -= len(part)
                self._require_room(size)
        except BaseException:
            self._left += size
            raise
        return b"".join(parts), size

    def _require_room(self, size: int) -> None:
        if size > self._largest:
            raise self._too_large()
        if self._left < 0:
            raise Refused(503, errors.Unavailable(TOO_MUCH))

    def _too_large(self) -> Refused:
        detail = f"the body is larger than {self._largest:,} bytes, the most that this node takes"
        return Refused(413, errors.Invalid(detail))


class Disconnected(Exception):
    """The client went away before its request was whole."""


def read_json(text: bytes, decoder: msgspec.json.Decoder[Any] = _ANYTHING) -> Any:
    """What JSON holds.

    Raises:
        Invalid: it is no JSON, is nested too deeply, holds a number that is out of range, or not
            what the decoder expects.
    """
    try:
        return decoder.decode(text)
    except msgspec.ValidationError as exc:
        said, _, where = str(exc).partition(" - at ")
        field = where.strip("`").removeprefix("$").lstrip(".")
        if said == OUT_OF_RANGE:
            field = _out_of_range(text) or field
        raise errors.Invalid(f"{field}: {said}" if field else said, field=field) from None
    except msgspec.DecodeError as exc:
        shown = "it is empty" if not text.strip() else str(exc)
        raise errors.Invalid(f"the body is not JSON: {shown}") from None
    except RecursionError:
        raise errors.Invalid("the body is JSON that is nested too deeply") from None
    except UnicodeDecodeError as exc:
        shown = f"{exc.object[exc.start : exc.end]!r} in it is not UTF-8"
        raise errors.Invalid(f"the body is not JSON: {shown}") from None


def _out_of_range(text: bytes) -> str:
    """The name of the first number that is too large, which msgspec does not tell.

    Empty where it has none, or the body is so large that looking for it takes long.
    """
    found: list[str] = []

    def look(pairs: list[tuple[str, Any]]) -> None:
        found.extend(name for name, value in pairs if isinstance(value, float))

    if len(text) <= LARGEST_SEARCHED:
        with suppress(ValueError, RecursionError):
            json.loads(
                text,
                object_pairs_hook=look,
                parse_float=_if_infinite,
                parse_constant=lambda _: None,
            )
    return found[0] if found else ""


def _if_infinite(number: str) -> float | None:
    value = float(number)
    return value if math.isinf(value) else None


def _id_in(headers: dict[bytes, bytes]) -> str:
    given = headers.get(b"x-request-id")
    if given is not None and given.isascii():
        text = given.decode()
        if len(text) <= LONGEST_ID and text.isprintable():
            return text
    return f"{_BORN}-{next(_COUNT):x}"


def _part_of(message: Message) -> tuple[bytes, bool]:
    """A part of a body, and whether more of it comes."""
    if message["type"] != "http.request":
        raise Disconnected
    return message["body"], message["more_body"]


def _text(encoded: bytes) -> str:
    try:
        return unquote_to_bytes(encoded).decode()
    except UnicodeDecodeError:
        raise errors.Invalid(
            f"{encoded[:100]!r} in the query is not percent-encoded UTF-8"
        ) from None
