"""Every command by its stable name, `room.verb`, as jobs, scenarios and the audit log hold it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

from pydantic import ValidationError

from modelyard import errors
from modelyard.kernel.command import Command
from modelyard.kernel.faults import invalid
from modelyard.kernel.secrets import Secret, secret_fields


class Catalog(Mapping[str, type[Command[Any]]]):
    """Commands by name, and names by command."""

    def __init__(self, verbs: Iterable[tuple[str, str, type[Command[Any]]]]) -> None:
        """`verbs` are rooms, verbs and their commands."""
        self._commands = {f"{room}.{name}": command for room, name, command in verbs}
        self._names = {command: name for name, command in self._commands.items()}

    def __getitem__(self, name: str) -> type[Command[Any]]:
        return self._commands[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._commands)

    def __len__(self) -> int:
        return len(self._commands)

    def name_of(self, command: type[Command[Any]]) -> str:
        """The name of a command."""
        return self._names[command]

    @cached_property
    def secrets(self) -> Mapping[str, Secret]:
        """The fields that are secret in any command: as a whole, if they are so in one of them."""
        marks = [mark for kind in self._commands.values() for mark in secret_fields(kind).items()]
        return dict(sorted(marks, key=lambda mark: mark[1].part == "all"))

    def fill(self, name: str, arguments: Mapping[str, Any]) -> Command[Any]:
        """The command of this name with these arguments.

        Raises:
            NotFound: there is no such command.
            Invalid: the arguments do not fit it.
        """
        if name not in self._commands:
            raise errors.NotFound.among("command", name, self._commands)
        try:
            return self._commands[name].model_validate(arguments)
        except ValidationError as exc:
            secret = secret_fields(self._commands[name])
            raise invalid(exc, secret=secret) from None  # it would show what was given
