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
    """The handlers of a set of modules, by command.

    Modules are given by name and imported when the first command arrives, so that a bus costs
    nothing to make.
    """

    def __init__(self, modules: Iterable[str]) -> None:
        self._modules = tuple(modules)
        self._handlers: dict[type[Command[Any]], Handler[Any, X, Any]] = {}

    @property
    def handlers(self) -> dict[type[Command[Any]], Handler[Any, X, Any]]:
        """Every handler by its command."""
        if not self._handlers:
            self._handlers = {
                member.command: member
                for name in self._modules
                for member in vars(import_module(name)).values()
                if callable(member) and hasattr(member, "command")
            }
        return self._handlers

    def handle(self, command: Command[R], context: X) -> R:
        """Hand the command to its function."""
        handler: Handler[Any, X, R] = self.handlers[type(command)]
        return handler(command, context)
