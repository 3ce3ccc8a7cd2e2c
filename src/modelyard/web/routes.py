"""Which command a method and a path ask for; paths are matched as they were sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pydantic import TypeAdapter

from modelyard import errors
from modelyard.kernel.command import Command
from modelyard.kernel.secrets import secret_fields
from modelyard.kernel.shapes import is_structure
from modelyard.kernel.wire import PREFIX, field_in, request_of
from modelyard.web.problems import Refused
from modelyard.web.tree import Tree


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


class Routes:
    """All routes, by their paths."""

    def __init__(self, verbs: Iterable[tuple[str, str, type[Command[Any]]]]) -> None:
        """`verbs` are rooms, verbs and their commands."""
        self._tree: Tree[Route] = Tree()
        self.every: list[Route] = []
        for room, verb, command in verbs:
            method, path = command.http()
            self._add(Route(room, verb, command, method, path))

    def _add(self, route: Route) -> None:
        self._tree.add(route.method, route.path, route)
        self.every.append(route)

    def match(self, method: str, raw_path: str) -> tuple[Route, dict[str, str]]:
        """The route of a request, with the raw segments of its fields.

        Raises:
            Refused: there is no such path (404), or it does not take this method (405).
        """
        wanted = "GET" if method == "HEAD" else method
        for routes, segments in self._ends(raw_path):
            if route := routes.get(wanted):
                return route, dict(zip(route.fields, segments, strict=True))
        allowed = self.allowed(raw_path)
        detail = f"{method} is not possible here; possible are: {allowed}"
        raise Refused(405, errors.Unsupported(detail), {"allow": allowed})

    def allowed(self, raw_path: str) -> str:
        """The methods that a path takes, for an Allow header.

        Raises:
            Refused: there is no such path (404).
        """
        found = {method for routes, _ in self._ends(raw_path) for method in routes}
        if not found:
            raise Refused(
                404,
                errors.NotFound(
                    f"there is nothing at {raw_path}; {PREFIX}/openapi.json lists what there is"
                ),
            )
        return ", ".join(sorted(found | {"OPTIONS"} | ({"HEAD"} if "GET" in found else set())))

    def _ends(self, raw_path: str) -> Iterator[tuple[dict[str, Route], tuple[str, ...]]]:
        if raw_path.startswith(f"{PREFIX}/"):
            yield from self._tree.ends(raw_path.removeprefix(PREFIX))

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
