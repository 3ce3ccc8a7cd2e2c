"""The connections of a node, in a file that only its owner reads."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from modelyard import errors
from modelyard.kernel.faults import invalid
from modelyard.serving.databases.types import KeptConnection, KeptConnections
from modelyard.serving.durable import write_whole


class ConnectionBook:
    """The connections of a node, read anew whenever their file is another one."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._seen: tuple[int, int] | None = None
        self._by_name: dict[str, KeptConnection] = {}

    def all(self) -> tuple[KeptConnection, ...]:
        """Every connection, by name.

        Raises:
            Failed: the file cannot be read.
        """
        try:
            found = self._file.stat()
        except FileNotFoundError:
            self._seen, self._by_name = None, {}
            return ()
        if self._seen != (found.st_ino, found.st_mtime_ns):
            try:
                kept = KeptConnections.model_validate_json(self._file.read_bytes())
            except ValidationError as exc:
                raise errors.Failed(f"{self._file}: {invalid(exc).detail}") from None
            self._by_name = {each.name: each for each in kept.connections}
            self._seen = (found.st_ino, found.st_mtime_ns)
        return tuple(self._by_name.values())

    def get(self, name: str) -> KeptConnection:
        """A connection; NotFound if there is none of this name."""
        self.all()
        try:
            return self._by_name[name]
        except KeyError:
            raise errors.NotFound.among("connection of the node", name, self._by_name) from None

    # The caller holds the lock of connections for these.

    def keep(self, connection: KeptConnection) -> None:
        """Keep a connection, in place of that of its name."""
        others = [each for each in self.all() if each.name != connection.name]
        self._write([*others, connection])

    def remove(self, name: str) -> None:
        """Forget a connection; NotFound if there is none."""
        self.get(name)
        self._write([each for each in self.all() if each.name != name])

    def _write(self, connections: list[KeptConnection]) -> None:
        ordered = tuple(sorted(connections, key=lambda each: each.name))
        text = KeptConnections(connections=ordered).model_dump_json(indent=2)
        write_whole(self._file, text.encode(), mode=0o600)
