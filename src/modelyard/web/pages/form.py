"""What a form is: a command whose fields somebody fills in, and where that leads."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Literal

from pydantic import BaseModel, SerializeAsAny

from modelyard.jobs.types import Job
from modelyard.kernel.command import Command
from modelyard.kernel.values import Value
from modelyard.web.pages.flash import Undo
from modelyard.web.pages.page import Crumb, Nav, View, Visit

Kind = Literal[
    "text", "area", "lines", "json", "number", "tick", "choice", "segments", "secret", "moment",
    "file", "hidden", "items", "ticks", "named", "parts", "pairs",
    "time", "date",
]  # fmt: skip
"""How a field is filled in: `area` is long text, `lines` a list with one value a line, `ticks` a
list out of what there is, `items` a list of things that have fields of their own, `parts` one such
thing, `named` values under the names that it begins with, one field each; `pairs` texts under
any names, one `name=text` a line."""


Choices = Sequence[tuple[str, str]]
"""What a field may hold, as (value, label)."""


class Choice(Value):
    """One of the values that a field may have."""

    value: str
    label: str


class FieldView(Value):
    """A field as it is shown."""

    name: str
    label: str
    help: str = ""
    kind: Kind = "text"
    value: str = ""
    choices: tuple[Choice, ...] = ()
    needed: bool = False
    problem: str = ""
    there: str | None = None
    """What the field holds by now, where somebody changed it meanwhile."""
    placeholder: str = ""
    least: float | None = None
    most: float | None = None
    longest: int | None = None
    whole: bool = False
    """Whether a number has no fraction."""
    new: bool = False
    """Whether a secret is made up here."""
    later: bool = False
    """Whether it is one of those that few need, which are shown folded."""
    changed: bool = False
    """Whether it holds something else than by default."""
    mono: bool = False
    only: bool = False
    """Whether a file is to be chosen, and no path will do."""
    renews: str = ""
    """The id of the element whose choices depend on it."""
    group: str = ""
    """The heading that it stands under, with its neighbours."""
    was: str = ""
    """A digest of what it began with, to know whether it was changed; empty: nobody asks."""
    shows: str = ""
    """The condition, as JSON, without which nothing is asked for in it; empty: there is none."""
    items: tuple[tuple[FieldView, ...], ...] = ()
    """The fields of each thing that it holds; of what is named or has parts one row."""
    more: bool = False
    """Whether the last of them is one more, which nothing is typed into yet."""

    @property
    def id(self) -> str:
        """The id of its element."""
        return f"f-{self.name}"


class FormView(View):
    """A form as it is shown."""

    intro: str = ""
    button: str
    also: str = ""
    """What its second button says."""
    action: str
    back: str = ""
    fields: tuple[FieldView, ...] = ()
    problems: tuple[str, ...] = ()
    """What is wrong with no field in particular."""
    links: tuple[Crumb, ...] = ()
    """Where more is said about what it tells."""
    seen: str = ""
    """The entity tag of what the form was filled from."""
    dangerous: bool = False
    kept: bool = False
    """Whether it was sent without a session, and holds what was typed then."""
    lost: tuple[str, ...] = ()
    """The files that were sent so, which were not kept."""
    once: str = ""
    """What tells this form from others that are alike, where it may be sent only once."""
    beside: SerializeAsAny[Value] | None = None
    """What its template shows besides."""

    @property
    def wrong(self) -> tuple[FieldView, ...]:
        """The fields that something is wrong with, also those of things that a field holds."""
        every = (part for each in self.fields for part in (each, *chain(*each.items)))
        return tuple(each for each in every if each.problem)


@dataclass(frozen=True)
class Words:
    """What a form says of a field, where the command does not say it well for a page.

    `renews` is the field whose choices depend on what is chosen in this one; fields of one `group`
    stand under that heading. `needed` is one that a change may leave out, but not blank.
    """

    label: str = ""
    help: str | None = None
    kind: Kind | None = None
    placeholder: str = ""
    later: bool = False
    mono: bool = False
    needed: bool = False
    renews: str = ""
    group: str = ""


@dataclass(frozen=True)
class Draft:
    """What a form begins with.

    `values` are what its fields hold at first, `choices` what they may hold, as (value, label).
    `proposed` are values that nothing has yet: who empties such a field gives nothing.
    `help` says of fields what is only so this time. `fixed` is what the command is given besides,
    which nobody types; `left_out` are fields that make no sense this time, also those of a thing
    that a field holds. `seen` is what a guarded command changes, as it is now. `shapes` are fields
    under given names as they are shown, where that cannot be read off what they hold; what stands
    in them is what the command is given. `beside` is what a template of its own shows besides.
    `links` lead to where more is said.
    """

    crumbs: tuple[Crumb, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    proposed: Mapping[str, Any] = field(default_factory=dict)
    choices: Mapping[str, Choices] = field(default_factory=dict)
    help: Mapping[str, str] = field(default_factory=dict)
    fixed: Mapping[str, Any] = field(default_factory=dict)
    left_out: frozenset[str] = frozenset()
    seen: Value | None = None
    shapes: Mapping[str, FieldView] = field(default_factory=dict)
    beside: Value | None = None
    title: str = ""
    intro: str = ""
    links: tuple[Crumb, ...] = ()
    back: str = ""


@dataclass(frozen=True)
class Reveal:
    """A page that answers a form with what its command gave back, this once.

    A secret is shown so, since it may stand in no address. The form that it answers is sent once: a
    page that is loaded again makes nothing anew.
    """

    template: str
    view: Callable[[Visit, Any], View]


@dataclass(frozen=True)
class Also:
    """A second button of a form: what is done with what was made, and where that leads.

    `said` is told there, of what was made.
    """

    button: str
    act: Callable[[Visit, Any], str]
    said: Callable[[Any], str]


@dataclass(frozen=True)
class Asked:
    """What a form asks for where that is not what its command takes.

    `shape` has the fields; `become` gives what the command takes for what they hold, and what is
    wrong with that, as (field, problem).
    """

    shape: type[BaseModel]
    become: Callable[[Mapping[str, Any]], tuple[dict[str, Any], list[dict[str, str]]]]


def nothing_prepared(_visit: Visit) -> Draft:
    """The draft of a form that begins empty."""
    return Draft()


@dataclass(frozen=True)
class Form:
    """A page that carries out a command.

    The fields of the command that stand in `path` are taken from there, those in `taken` from a
    field of the path with another name; of the others `fields` are asked for, in this order.
    `onward` gives the address of what is looked at next, from the visit and the result; the job of
    a background command is looked at on its own page, or where `follow` says. `said` is told there.
    `sent` says for a command that sends a file what else it is given, from the file's name.
    `check` looks at the filled-in command, and at what somebody agreed to, before it is carried
    out or becomes a job; what it raises is shown in the form. An error with `agree`, a value
    with what it means and the words of a box, adds that box, and ticking it is to agree.
    `reveal` shows the result at once in place of going on. `depending` gives choices that depend on
    what other fields hold. `also` is a second button, `undo` one beside what
    is `said`, of what was made, which takes it back. `asked` has the fields where they are not
    those of the command. `words` and the choices of a draft call
    a field of a thing that a field holds `steps.command`.
    """

    path: str
    command: type[Command[Any]]
    title: str
    button: str
    onward: Callable[[Visit, Any], str]
    intro: str = ""
    said: Callable[[Any], str] | str = ""
    fields: tuple[str, ...] = ()
    taken: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, Words] = field(default_factory=dict)
    prepare: Callable[[Visit], Draft] = nothing_prepared
    template: str = "form.html"
    dangerous: bool = False
    """Whether it cannot be undone."""
    nav: Nav | None = None
    follow: Callable[[Visit, Job], str] | None = None
    sent: Callable[[str], Mapping[str, Any]] | None = None
    check: Callable[[Visit, Any, Collection[str]], None] | None = None
    reveal: Reveal | None = None
    depending: Callable[[Visit, Draft, Mapping[str, str]], Mapping[str, Choices]] | None = None
    also: Also | None = None
    undo: Callable[[Any], Undo | None] | None = None
    asked: Asked | None = None

    @property
    def shape(self) -> type[BaseModel]:
        """What has the fields that are asked for."""
        return self.asked.shape if self.asked is not None else self.command
