"""What is wrong with several fields of a command, told together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from modelyard import errors


class Gathered:
    """Errors of checks that do not need each other, each with the field that it is about."""

    def __init__(self) -> None:
        self._found: list[tuple[str, errors.ModelyardError]] = []

    @contextmanager
    def about(self, field: str) -> Iterator[None]:
        """Keep what the block raises for later; its own context may know the field better."""
        try:
            yield
        except errors.ModelyardError as exc:
            if exc.detail not in {known.detail for _, known in self._found}:
                self._found.append((exc.context.get("field", field), exc))

    def tell(self) -> None:
        """Raise what was found: one error as it is, several as one of the first one's type."""
        if len(self._found) == 1:
            ((field, exc),) = self._found
            if field:
                exc.context.setdefault("field", field)
            raise exc
        if self._found:
            faults = [
                fault
                for field, exc in self._found
                for fault in exc.context.get("faults", [{"field": field, "problem": exc.detail}])
            ]
            first = type(self._found[0][1])
            raise first("; ".join(exc.detail for _, exc in self._found), faults=faults)
