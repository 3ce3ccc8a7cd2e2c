"""Named entries of a group: the built-in ones, and those that installed packages bring."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Generic, TypeVar, cast

from modelyard import errors

T = TypeVar("T")


class Plugs(Generic[T]):
    """The entries of a group, by name.

    A package adds one by an entry point in the group `modelyard.<group>`. The name of a built-in
    entry stays ours, so that no package can quietly take its place.
    """

    def __init__(self, group: str, what: str, built_in: Mapping[str, T]) -> None:
        """`what` names one entry in messages, such as 'source scheme'."""
        self.group = f"modelyard.{group}"
        self.what = what
        self._built_in = dict(built_in)

    def names(self) -> tuple[str, ...]:
        """The names of all entries: the built-in ones first, then those of packages."""
        others = sorted({point.name for point in self._points()} - set(self._built_in))
        return (*self._built_in, *others)

    def get(self, name: str) -> T:
        """The entry of this name.

        Raises:
            Invalid: there is none; the message lists those there are.
            Conflict: several packages bring one of this name.
            Failed: the package that brings it cannot be imported.
        """
        if name in self._built_in:
            return self._built_in[name]
        points = [point for point in self._points() if point.name == name]
        if not points:
            raise errors.Invalid(
                f"there is no {self.what} {name!r}; there are: {', '.join(self.names())}"
            )
        if len(points) > 1:
            packages = " and ".join(sorted(_package(point) for point in points))
            raise errors.Conflict(
                f"the {self.what} {name!r} is brought by {packages}; uninstall all but one"
            )
        try:
            return cast("T", points[0].load())
        except Exception as exc:  # the package's own code runs here: anything may come
            raise errors.Failed(
                f"the {self.what} {name!r} of {_package(points[0])} cannot be loaded: {exc!r}; "
                "repair or uninstall that package"
            ) from exc

    def _points(self) -> list[EntryPoint]:
        return list(entry_points(group=self.group))


def _package(point: EntryPoint) -> str:
    return point.dist.name if point.dist else point.value
