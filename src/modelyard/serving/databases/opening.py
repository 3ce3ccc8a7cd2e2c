"""Where databases come from by the names of connections; none is imported before it is needed."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from modelyard import errors
from modelyard.serving.databases.book import ConnectionBook
from modelyard.serving.databases.types import KeptConnection


class Databases(Protocol):
    """Databases by the names of connections."""

    def get(self, name: str) -> Any:
        """The `modelyard.serving.databases.asking.Database` of a connection; NotFound."""
        ...


class NoDatabases:
    """There are none."""

    def get(self, name: str) -> Any:
        """Refuse."""
        raise errors.NotFound.among("connection", name, ())


class OpenDatabases:
    """Databases that were asked for; each is opened once, and anew when its connection changes."""

    def __init__(self) -> None:
        self._open: dict[str, Any] = {}

    def opened(self, kept: KeptConnection) -> Any:
        """The database of a connection as it is now."""
        found = self._open.get(kept.name)
        if found is None or found.kept != kept:
            if found is not None:
                found.close()
            database = import_module("modelyard.serving.databases.asking").Database
            found = self._open[kept.name] = database(kept)
        return found

    def close(self) -> None:
        """Let go of all of them."""
        for each in self._open.values():
            each.close()
        self._open.clear()


class NodeDatabases(OpenDatabases):
    """Those of a node's connections."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self._book = ConnectionBook(file)

    def get(self, name: str) -> Any:
        """See `Databases`."""
        return self.opened(self._book.get(name))
