"""Which command a method and a path ask for; paths are matched as they were sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pydantic import TypeAdapter

from modelyard import errors
from modelyard.kernel.command import Command
from modelyard.kernel.secrets import secret_fields
from modelyard.kernel.shapes import is_structure
from modelyard.kernel.wire import PREFIX, field_in, request_of
from modelyard.web.problems import Refused


@dataclass(frozen=True)
class Route:
    """One verb over HTTP."""

    room: str
    verb: str
    command: type[Command[Any]]
    method: str
    path: str

    @property
    def name(self) -> str:
        """Its stable name."""
        return f"{self.room}.{self.verb}"

    @cached_property
    def result(self) -> TypeAdapter[Any]:
        """What it answers."""
        return TypeAdapter(self.command.result_type())

    @cached_property
    def tells_secrets(self) -> bool:
        """Whether its result holds something that is shown only once."""
        kind = self.command.result_type()
        return is_structure(kind) and kind is not dict and bool(secret_fields(kind))

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields in its path, in order."""
        return tuple(name for part in self.path.split("/") if (name := field_in(part)))


@dataclass
class _Node:
    """The routes that share a beginning of their paths."""

    named: dict[str, _Node] = field(default_factory=dict)
    any: _Node | None = None
    routes: dict[str, Route] = field(default_factory=dict)


class Routes:
    """All routes, as a tree of the segments of their paths.

    A segment that is percent-encoded stays one segment, whatever it holds, so that a dataset may
    be named by its path: `datasets/in%2Fa.csv`.
    """

    def __init__(self, verbs: Iterable[tuple[str, str, type[Command[Any]]]]) -> None:
        """`verbs` are rooms, verbs and their commands."""
        self._root = _Node()
        self.every: list[Route] = []
        for room, verb, command in verbs:
            method, path = command.http()
            self._add(Route(room, verb, command, method, path))

    def _add(self, route: Route) -> None:
        node = self._root
        for part in route.path.strip("/").split("/"):
            if field_in(part):
                node.any = node.any or _Node()
                node = node.any
            else:
                node = node.named.setdefault(part, _Node())
        node.routes[route.method] = route
        self.every.append(route)

    def match(self, method: str, raw_path: str) -> tuple[Route, dict[str, str]]:
        """The route of a request, with the raw segments of its fields.

        Raises:
            Refused: there is no such path (404), or it does not take this method (405).
        """
        wanted = "GET" if method == "HEAD" else method
        for node, segments in self._ends(raw_path):
            if route := node.routes.get(wanted):
                return route, dict(zip(route.fields, segments, strict=True))
        allowed = self.allowed(raw_path)
        detail = f"{method} is not possible here; possible are: {allowed}"
        raise Refused(405, errors.Unsupported(detail), {"allow": allowed})

    def allowed(self, raw_path: str) -> str:
        """The methods that a path takes, for an Allow header.

        Raises:
            Refused: there is no such path (404).
        """
        found = {method for node, _ in self._ends(raw_path) for method in node.routes}
        if not found:
            raise Refused(
                404,
                errors.NotFound(
                    f"there is nothing at {raw_path}; {PREFIX}/openapi.json lists what there is"
                ),
            )
        return ", ".join(sorted(found | {"OPTIONS"} | ({"HEAD"} if "GET" in found else set())))

    def _ends(self, raw_path: str) -> Iterator[tuple[_Node, tuple[str, ...]]]:
        if raw_path.startswith(f"{PREFIX}/"):
            yield from _walk(self._root, raw_path.removeprefix(f"{PREFIX}/").split("/"))

    def shown_by(self, route: Route) -> Route | None:
        """The route that shows what a route makes: `GET /models/{name}` for `POST /models`."""
        if route.method != "POST" or route.command.background:
            return None
        for other in self.every:
            above, _, last = other.path.rpartition("/")
            if other.method == "GET" and above == route.path and field_in(last):
                return other
        return None


def location(shown: Route, command: Command[Any], result: Any) -> str:
    """Where the thing that a command made is shown."""
    fields = {name: getattr(result, name, None) or getattr(command, name) for name in shown.fields}
    return request_of(shown.command.model_validate(fields)).target


def _walk(
    node: _Node, parts: list[str], taken: tuple[str, ...] = ()
) -> Iterator[tuple[_Node, tuple[str, ...]]]:
    """The ends that a path leads to, those that name more of its segments first."""
    if not parts:
        if node.routes:
            yield node, taken
        return
    first, rest = parts[0], parts[1:]
    if first in node.named:
        yield from _walk(node.named[first], rest, taken)
    if node.any is not None and first:
        yield from _walk(node.any, rest, (*taken, first))
