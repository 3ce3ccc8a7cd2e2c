"""Which handler a path belongs to: exactly, without redirects.

Slashes that are doubled or trail are passed over, as clients send both.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from modelyard import errors
from modelyard.serving.http.problems import Refused
from modelyard.serving.http.replies import Reply
from modelyard.serving.http.requests import Request

Handler = Callable[[Request, Mapping[str, str]], Awaitable[Reply]]

REMEMBERED = 4096
"""Paths whose handlers are not looked for again."""
LONGEST = 1024


@dataclass(frozen=True, slots=True)
class Found:
    """The handlers of a path by method, and what the path says."""

    methods: Mapping[str, Handler]
    fields: Mapping[str, str]


@dataclass(slots=True)
class _Node:
    """One segment of the routes: what may follow by its name, else as the field `name`."""

    named: dict[str, _Node] = field(default_factory=dict)
    name: str = ""
    other: _Node | None = None
    methods: dict[str, Handler] = field(default_factory=dict)


class Paths:
    """The routes of a node; a segment that a route names goes before one that is a field."""

    def __init__(self) -> None:
        self._top = _Node()
        self._known: dict[bytes, Found] = {}

    def add(self, route: str, handler: Handler) -> None:
        """Let a handler answer a route, such as `POST /v2/models/{model}/infer`."""
        method, _, path = route.partition(" ")
        node = self._top
        for part in _segments(path):
            if part.startswith("{"):
                node.other = node.other or _Node()
                node.name = part[1:-1]
                node = node.other
            else:
                node = node.named.setdefault(part, _Node())
        node.methods[method] = handler

    def find(self, raw: bytes) -> Found:
        """The handlers of a path as it was sent, percent-encoded.

        Raises:
            NotFound: nothing answers there.
        """
        found = self._known.get(raw)
        if found is None:
            found = self._look_for(raw.decode("latin-1"))
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            if len(raw) <= LONGEST:
                self._known[raw] = found
        return found

    def _look_for(self, raw: str) -> Found:
        parts = [unquote(part, errors="replace") for part in _segments(raw)]
        fields: dict[str, str] = {}
        node = _descend(self._top, parts, fields)
        if node is None:
            shown = raw if len(raw) <= 200 else f"{raw[:200]}…"
            raise errors.NotFound(f"nothing answers at {shown}", path=shown)
        return Found(node.methods, fields)


def handler_of(found: Found, method: str) -> Handler:
    """The handler of a method; HEAD is answered as GET.

    Raises:
        Refused: the path has no such method (405).
    """
    handler = found.methods.get(method) or (method == "HEAD" and found.methods.get("GET"))
    if not handler:
        allowed = ", ".join(sorted(found.methods))
        raise Refused(
            405,
            errors.Invalid(f"{method} is not answered here, but {allowed}"),
            ((b"allow", allowed.encode()),),
        )
    return handler


def _segments(path: str) -> list[str]:
    return [part for part in path.split("/") if part]


def _descend(node: _Node, parts: list[str], fields: dict[str, str]) -> _Node | None:
    if not parts:
        return node if node.methods else None
    first, *rest = parts
    if first in node.named and (found := _descend(node.named[first], rest, fields)):
        return found
    if node.other is not None and (found := _descend(node.other, rest, fields)):
        fields[node.name] = first
        return found
    return None
