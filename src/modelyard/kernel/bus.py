"""Which function carries out which command."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any, Generic, TypeVar

from modelyard.kernel.command import Command

R = TypeVar("R")
X = TypeVar("X")
C = TypeVar("C", bound=Command[Any])
Handler = Callable[[C, X], R]


def handles(command: type[C]) -> Callable[[Handler[C, X, R]], Handler[C, X, R]]:
    """Mark the decorated function as the one that carries out `command`."""

    def mark(function: Handler[C, X, R]) -> Handler[C, X, R]:
        vars(function)["command"] = command
        return function

    return mark


def checks(command: type[C]) -> Callable[[Handler[C, X, R]], Handler[C, X, R]]:
    """Mark the decorated function as the one that refuses a `command` which could only fail.

    It runs before a command is queued, and looks at nothing that takes long or may yet change.
    """

    def mark(function: Handler[C, X, R]) -> Handler[C, X, R]:
        vars(function)["checked"] = command
        return function

    return mark


class Bus(Generic[X]):
    """The handlers of some rooms, by command.

    Rooms are given by the name of their package; the `handlers` module of one is imported when the
    first of its commands arrives, so that a bus costs nothing to make.
    """

    def __init__(self, rooms: Iterable[str]) -> None:
        self._rooms = tuple(rooms)

    @property
    def handlers(self) -> dict[type[Command[Any]], Handler[Any, X, Any]]:
        """Every handler by its command."""
        return {
            command: handler
            for room in self._rooms
            for command, handler in self._handlers_of(room).items()
        }

    def handle(self, command: Command[R], context: X) -> R:
        """Hand the command to its function."""
        handler: Handler[Any, X, R] = self._handlers_of(_room_of(command))[type(command)]
        return handler(command, context)

    def check(self, command: Command[Any], context: X) -> None:
        """Refuse a command which could only fail, as far as its room says so."""
        check = self._handlers_of(_room_of(command), "checked").get(type(command))
        if check is not None:
            check(command, context)

    def _handlers_of(
        self, room: str, mark: str = "command"
    ) -> dict[type[Command[Any]], Handler[Any, X, Any]]:
        return {
            getattr(member, mark): member
            for member in vars(import_module(f"{room}.handlers")).values()
            if callable(member) and hasattr(member, mark)
        }


def _room_of(command: Command[Any]) -> str:
    return type(command).__module__.rpartition(".")[0]
