"""A use case is a class: its fields are its arguments, its type parameter is its result.

Its annotations are no strings, which Pydantic would evaluate anew for each of the subclasses.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, ClassVar, Generic, ParamSpec, Protocol, TypeVar, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from modelyard.kernel.asking import given
from modelyard.kernel.faults import invalid
from modelyard.kernel.identity import Identity
from modelyard.kernel.progress import Progress
from modelyard.kernel.secrets import hidden, secret_fields
from modelyard.kernel.values import ProjectKey

R = TypeVar("R")
P = ParamSpec("P")

MOST_ITEMS = 100_000
MOST_STRANGERS = 100


class Command(BaseModel, Generic[R]):
    """One thing the system can be asked to do.

    `needs` names the right it takes, as `area:read` or `area:write`. `route` is its method and path
    below `/api/v1`, with fields in braces; what is GET changes nothing, nor does what `asks`: it is
    POST since its fields are too large for a query. `background` says that it
    may take long and reports progress; as a job it then waits in `queue`, and `title` says what the
    job does, with what it is given in braces. One that runs `in_place`
    cannot be a job, since it would take away what jobs need. `arguments` names the
    fields that a command line takes by position, in order. `project_field` names the field that
    holds the project whose members may run it; a command without one is about the whole instance.
    A `guarded` command compares what it changes with what its caller saw (`Context.unchanged`).

    `sends` names the field that holds a file of the caller's whose bytes the command is given,
    `receives` the field that holds the file of the caller's that it writes. Over HTTP these bytes
    are the body of the request or of the answer, and the command sees a file of the server's own
    in the workspace's folder `transfers`; its result then travels in the header `Modelyard-Result`,
    as JSON in ASCII, and must be small.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    needs: ClassVar[str]
    route: ClassVar[str]
    background: ClassVar[bool] = False
    queue: ClassVar[str] = "default"
    title: ClassVar[str] = ""
    in_place: ClassVar[bool] = False
    arguments: ClassVar[tuple[str, ...]] = ()
    project_field: ClassVar[str] = ""
    sends: ClassVar[str] = ""
    receives: ClassVar[str] = ""
    guarded: ClassVar[bool] = False
    asks: ClassVar[bool] = False

    @model_validator(mode="before")
    @classmethod
    def _is_small(cls, given: Any) -> Any:
        """Refuse what would have more faults than anybody reads: each of them takes memory."""
        if isinstance(given, dict):
            for name, value in given.items():
                if isinstance(value, list | tuple | dict) and len(value) > MOST_ITEMS:
                    raise ValueError(
                        f"{name} has {len(value):,} items, and {MOST_ITEMS:,} are taken at most"
                    )
            if len(given.keys() - cls.model_fields) > MOST_STRANGERS:
                raise ValueError("most of its fields are not known here")
        return given

    @classmethod
    def result_type(cls) -> Any:
        """The type between the brackets of `Command[...]`."""
        for base in cls.__mro__:
            args = getattr(base, "__pydantic_generic_metadata__", {}).get("args")
            if args and not isinstance(args[0], TypeVar):
                return args[0]
        raise TypeError(f"{cls.__name__} names no result")

    @classmethod
    def only_reads(cls) -> bool:
        """Whether it changes nothing."""
        return cls.asks or cls.route.startswith("GET ")

    @classmethod
    def about(cls) -> str:
        """What it is for, in the first words of its description."""
        return re.split("[:;.,]", (cls.__doc__ or "").partition("\n")[0])[0]

    @classmethod
    def http(cls) -> tuple[str, str]:
        """Its HTTP method and its path below `/api/v1`, with fields in braces."""
        method, _, path = cls.route.partition(" ")
        return method, path

    def in_project(self) -> str | None:
        """The project that it is about, if it is about one."""
        return getattr(self, self.project_field) if self.project_field else None

    def exclusive_key(self) -> str | None:
        """Jobs with the same key run one after another; None: it may run beside any other."""
        return None

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        marks = secret_fields(type(self))
        return [
            (name, hidden(part, marks.get(name or ""))) for name, part in super().__repr_args__()
        ]


class ProjectCommand(Command[R], Generic[R]):
    """A command about something inside a project; its route begins with that project's."""

    project_field = "project"

    project: ProjectKey = Field(default="default", description="key of the project")

    @classmethod
    def http(cls) -> tuple[str, str]:
        """Its HTTP method and its path below `/api/v1`, with fields in braces."""
        method, path = super().http()
        return method, f"/projects/{{project}}{path}"


class Caller(Protocol):
    """Whatever can run a command."""

    def run(self, command: Command[R], /) -> R:
        """Carry the command out and give back its result."""
        ...


class DistantCaller(Caller, Protocol):
    """Has commands run elsewhere, over connections that it keeps."""

    def close(self) -> None:
        """Let go of them."""
        ...


class Deputy(Caller, Protocol):
    """Runs commands as part of another one, as whoever runs that."""

    def check(self, command: Command[Any], /) -> None:
        """Refuse a command which could only fail, as far as that is known without trying."""
        ...

    def acting(self, identity: Identity, /) -> "Deputy":
        """The same as somebody else, whose rights it then has."""
        ...

    def telling(self, progress: Progress, /) -> Caller:
        """The same, with another ear for how far its commands are."""
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
            try:
                command = self.build(*args, **kwargs)
            except ValidationError as exc:
                secret = secret_fields(self.command)
                raise invalid(exc, secret=secret) from None  # it would show what was given
            return given(room.caller.run(command), room.caller)

        return call


def verbs_of(room: type[Room]) -> Iterator[tuple[str, verb[..., Any]]]:
    """The verbs of a room by their names, those first that it has from another one."""
    for kind in reversed(room.__mro__):
        for name, entry in vars(kind).items():
            if isinstance(entry, verb):
                yield name, entry
