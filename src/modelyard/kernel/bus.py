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
        room = type(command).__module__.rpartition(".")[0]
        handler: Handler[Any, X, R] = self._handlers_of(room)[type(command)]
        return handler(command, context)

    def _handlers_of(self, room: str) -> dict[type[Command[Any]], Handler[Any, X, Any]]:
        return {
            member.command: member
            for member in vars(import_module(f"{room}.handlers")).values()
            if callable(member) and hasattr(member, "command")
        }
