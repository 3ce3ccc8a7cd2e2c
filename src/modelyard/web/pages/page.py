"""What a page is: an address, a function that gives its data, a template, a place to find it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal, TypeVar
from urllib.parse import quote, urlencode

from modelyard.governance.rights import reaches, role_for
from modelyard.governance.types import Account, Role
from modelyard.kernel import paging
from modelyard.kernel.command import Command
from modelyard.kernel.values import Value
from modelyard.kernel.wire import field_in
from modelyard.workspace import Workspace

R = TypeVar("R")
T = TypeVar("T")

Section = Literal["", "Project", "Production", "Governance", "Instance"]
SECTIONS: tuple[Section, ...] = ("", "Project", "Production", "Governance", "Instance")
"""The parts of the navigation, from above."""


class Crumb(Value):
    """A page above this one."""

    label: str
    href: str


class View(Value):
    """What a page shows. Its template is given these fields, and `.json` answers them."""

    title: str
    crumbs: tuple[Crumb, ...] = ()


class ListView(View):
    """A part of a list."""

    next: str | None = None
    """Where the list goes on."""
    first: int | None = None
    """The place of the part's first line in the list, where it was counted."""
    total: int | None = None
    """How long the list is then."""


def place_in_list(found: paging.Page[Any]) -> dict[str, Any]:
    """What a `ListView` says of a part of a list."""
    return {"next": found.next, "first": found.first, "total": found.total}


class Elsewhere(Exception):
    """Raised by a page that has nothing to show yet: another one is looked at in its place."""

    def __init__(self, href: str) -> None:
        super().__init__(href)
        self.href = href


@dataclass(frozen=True)
class Nav:
    """An entry of the navigation: those of the section Project are about the chosen project."""

    label: str
    icon: str
    section: Section = "Project"
    only: Callable[[Account], bool] | None = None
    """Whom it is shown to; None: everybody."""
    count: Callable[[Visit, str], int | None] | None = None
    """How many of its things there are, those of a project in that; None: it is not counted."""


class Way(Value):
    """A way to the first model, offered where there is none yet."""

    title: str
    about: str
    icon: str
    button: str
    path: str
    """Of the page that it leads to, with the field `project`."""
    at_once: bool = False
    """Whether its button sends the form that is there, instead of showing it."""
    needs: str = ""
    """The right about the whole instance that it takes, if it takes one."""


@dataclass(frozen=True)
class Visit:
    """A request for a page, by somebody who may make it."""

    yard: Workspace
    """The workspace, acting as whoever asks."""
    account: Account
    path: Mapping[str, str]
    """The fields of the address."""
    query: Mapping[str, str]
    address: str
    """The address as it was asked for, without its query and without `.json`."""
    origin: str
    """Scheme and host under which browsers reach the server."""
    words: tuple[tuple[str, str], ...] = ()
    """The query as it was written, where names can stand more than once."""

    def run(self, command: Command[R]) -> R:
        """Carry a command out as whoever asks."""
        return self.yard.run(command)

    def part(self, command: Command[list[T]]) -> paging.Page[T]:
        """A part of a list; its `next` is where the list goes on."""
        found = self.run(command)
        return found if isinstance(found, paging.Page) else paging.Page(found)

    def asked(self, name: str) -> str:
        """A word of the query; empty if it is left out."""
        return self.query.get(name, "")

    def every(self, name: str) -> tuple[str, ...]:
        """All words of the query under a name, each of them once."""
        return tuple(dict.fromkeys(word for key, word in self.words if key == name and word))

    def role(self, project: str) -> Role | None:
        """The role that whoever asks has in a project, so far as pages offer."""
        if self.account.kind == "local" or self.account.admin:
            return "admin"
        return self.account.roles.get(project)

    def may(self, right: str, project: str = "") -> bool:
        """Whether whoever asks has a right in a project, else that of the address."""
        return reaches(self.role(project or self.path["project"]), role_for(right))

    def asking(self, typed: Mapping[str, Sequence[str]]) -> Visit:
        """The same with what a form holds in place of its query."""
        return replace(self, query={name: texts[-1] for name, texts in typed.items()})

    def one_of(self, name: str, among: tuple[T, ...]) -> T | None:
        """A word of the query that is one of some; None if it is none of them."""
        text = self.query.get(name)
        return next((each for each in among if each == text), None)

    @property
    def json(self) -> str:
        """Where the same is, as JSON."""
        query = urlencode(self.query)
        return f"{self.address}.json?{query}" if query else f"{self.address}.json"

    def here(self, **changes: str | None) -> str:
        """This address with other words in its query; None takes a word away."""
        words = {**self.query, **changes}
        query = urlencode({name: word for name, word in words.items() if word})
        return f"{self.address}?{query}" if query else self.address


@dataclass(frozen=True)
class Page:
    """A page that shows something.

    `path` is its address, with fields in braces; each field holds one segment, percent-encoded.
    `template` is a file in `web/templates`.
    """

    path: str
    data: Callable[[Visit], View]
    template: str
    nav: Nav | None = None
    asks: bool = False
    """Whether the words of its query may also be sent as a form, since they can be long."""
    needs: str = ""
    """The right in the project of its address without which it is not shown; empty: those that its
    commands take."""


@dataclass(frozen=True)
class Download:
    """An address that answers with a file, which a command writes.

    `command` gives it from the visit and the path of the file; `name` is what the file is called.
    """

    nav: ClassVar[None] = None
    path: str
    command: Callable[[Visit, str], Command[Any]]
    name: Callable[[Visit], str]


@dataclass(frozen=True)
class Document:
    """An address, ending in `.json`, that answers what a command gives.

    Browsers keep it for good unless it `changes`; what may give something else for another reason,
    such as another release, stands in the query.
    """

    nav: ClassVar[None] = None
    path: str
    command: Callable[[Visit], Command[Any]]
    changes: bool = False


def address(path: str, /, **fields: str) -> str:
    """The address of a page, from its path and the fields in it.

    A dot of a last segment is written `%2E` where it would read as the wish for JSON.
    """
    parts = []
    for part in path.split("/"):
        name = field_in(part)
        parts.append(part if name is None else quote(fields[name], safe=""))
    written = "/".join(parts)
    return f"{written[:-5]}%2Ejson" if written.endswith(".json") else written
