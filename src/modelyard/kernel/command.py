"""A use case is a class: its fields are its arguments, its type parameter is its result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Generic, ParamSpec, Protocol, TypeVar, cast

from pydantic import BaseModel, ConfigDict, Field

from modelyard.kernel.values import ProjectKey

R = TypeVar("R")
P = ParamSpec("P")


class Command(BaseModel, Generic[R]):
    """One thing the system can be asked to do.

    `needs` names the right it takes, `background` says that it may take long and reports progress,
    `arguments` names the fields that a command line takes by position, in order.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    needs: ClassVar[str]
    background: ClassVar[bool] = False
    arguments: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def result_type(cls) -> Any:
        """The type between the brackets of `Command[...]`."""
        for base in cls.__mro__:
            args = getattr(base, "__pydantic_generic_metadata__", {}).get("args")
            if args and not isinstance(args[0], TypeVar):
                return args[0]
        raise TypeError(f"{cls.__name__} names no result")


class ProjectCommand(Command[R], Generic[R]):
    """A command about something inside a project."""

    project: ProjectKey = Field(default="default", description="key of the project")


class Caller(Protocol):
    """Whatever can run a command."""

    def run(self, command: Command[R], /) -> R:
        """Carry the command out and give back its result."""
        ...


class Room:
    """A named group of verbs on a caller."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller


class verb(Generic[P, R]):  # noqa: N801  reads as a declaration
    """A command class as a method with the command's own signature."""

    def __init__(self, command: Callable[P, Command[R]]) -> None:
        self.build = command
        self.__doc__ = command.__doc__

    @property
    def command(self) -> type[Command[Any]]:
        """The command class itself."""
        return cast("type[Command[Any]]", self.build)

    def __get__(self, room: Room, owner: type[Room]) -> Callable[P, R]:
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            return room.caller.run(self.build(*args, **kwargs))

        return call
