"""What the timeline says that an item is, and where the item says otherwise: pure functions."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from modelyard.governance.audit_words import one_line, shortened
from modelyard.governance.signoffs.machine import WAITING

DECIDED = ("APPROVED", "REJECTED", "ABANDONED")
LAYER = {"state": "new", "template": None, "template_version": None}
"""What is decided about an item, and what it is before anything was."""


@dataclass(frozen=True)
class Told:
    """An event, as far as it matters here."""

    attribute: str
    actor: str
    old: Any
    new: Any


@dataclass(frozen=True)
class Stored:
    """An item as the database holds it."""

    layer: Mapping[str, Any]
    """State, template and its version."""
    status: str
    reached: str | None
    """The status that follows from its steps; None: it has none here."""
    fields: Mapping[str, Any]
    steps: Mapping[str, Any]
    rounds: Mapping[str, tuple[str, Mapping[str, Any]]]
    """Its current sign-offs by step, each with the status by which it is found."""


@dataclass
class _Signoff:
    """What was told of the sign-off of a step."""

    said: dict[str, Any] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)
    decided: set[str] = field(default_factory=set)

    def hear(self, name: str, event: Told) -> None:
        self.said[name] = event.new
        if name != "status":
            return
        self.decided.clear()
        if event.old not in WAITING or event.new not in (*WAITING, *DECIDED):
            self.asked.clear()
        if event.new in WAITING:
            self.asked.add(event.actor)
        if event.new in DECIDED:
            self.decided.add(event.actor)


@dataclass
class _Life:
    """What was told of an item while it was governed by one template."""

    parts: dict[str, dict[str, Any]] = field(default_factory=lambda: {"fields": {}, "steps": {}})
    signoffs: dict[str, _Signoff] = field(default_factory=dict)
    people: set[str] = field(default_factory=set)
    """Who asked or decided."""
    doubtful: set[str] = field(default_factory=set)
    """Values that may have gone, since another template was between; no event tells that."""
    migrated: bool = False


class Recalled:
    """What an item is by its events, in their order.

    Sign-offs and fields are of the template by which it was governed at that time: an item that is
    governed by an earlier one again has those of that again.
    """

    def __init__(self) -> None:
        self._begin()
        self._whole = False

    def _begin(self) -> None:
        self._whole = True
        self._layer: dict[str, Any] = {}
        self._status = ""
        self._lives: dict[str | None, _Life] = {None: _Life()}

    @property
    def _life(self) -> _Life:
        return self._lives[self._layer.get("template")]

    def hear(self, event: Told) -> None:
        """Take an event up."""
        name, _, part = event.attribute.partition(".")
        is_birth = name == "state" and event.old is None
        if is_birth or (name == "gone" and event.new is None):
            self._begin()
        if name == "status":
            self._status = event.new or ""
        elif name in LAYER:
            self._decided(name, event)
        elif name in ("fields", "steps"):
            self._filled(name, part, event)
        elif name == "signoffs":
            self._signed(part, event)

    def _decided(self, name: str, event: Told) -> None:
        self._layer[name] = event.new
        if name == "template":
            again = self._lives.get(event.new)
            if again is None:
                self._lives[event.new] = _Life()
            else:
                parts = again.parts.items()
                again.doubtful |= {f"{part}.{name}" for part, said in parts for name in said}
        elif name == "template_version" and event.old is not None:
            self._life.migrated = True

    def _filled(self, name: str, part: str, event: Told) -> None:
        if not part:  # all of them at once: another item has its name from now on
            self._life.parts[name] = event.new if isinstance(event.new, dict) else {}
        else:
            self._life.parts[name][part] = event.new
            self._life.doubtful.discard(event.attribute)

    def _signed(self, part: str, event: Told) -> None:
        step, _, name = part.partition(".")
        for life in self._lives.values():
            if life is not self._life:  # the round of this one took the place of theirs
                life.signoffs.pop(step, None)
        self._life.signoffs.setdefault(step, _Signoff()).hear(name, event)
        if name == "status" and event.new in (*WAITING, *DECIDED):
            self._life.people.add(event.actor)

    def otherwise(self, stored: Stored) -> Iterator[str]:
        """The attributes of which the item says something else."""
        for name, first in LAYER.items():
            is_known = self._whole or name in self._layer
            if is_known and self._layer.get(name, first) != stored.layer[name]:
                yield name
        life = self._lives.get(stored.layer["template"], _Life())
        for part, stands in (("fields", stored.fields), ("steps", stored.steps)):
            yield from self._of_part(life, part, stands)
        if stored.status != (self._status if stored.reached is None else stored.reached):
            yield "status"
        for step, (status, body) in stored.rounds.items():
            told = life.signoffs.get(step, _Signoff())
            others = {"", *life.people} if life.migrated else set()
            for name in _of_round(told, status, body, others):
                yield f"signoffs.{step}.{name}"

    def _of_part(self, life: _Life, part: str, stands: Mapping[str, Any]) -> Iterator[str]:
        said, first = life.parts[part], "NOT_STARTED" if part == "steps" else None
        for name in sorted(said.keys() | stands.keys()):
            attribute = f"{part}.{name}"
            may_be = [said[name]] if name in said else [first, None]
            if attribute in life.doubtful:
                may_be += [first, None]
            if (self._whole or name in said) and not _is_among(stands.get(name), may_be):
                yield attribute


def _of_round(
    told: _Signoff, status: str, body: Mapping[str, Any], others: set[str]
) -> Iterator[str]:
    """What of a sign-off is otherwise: who decided is who brought it about that it is decided.

    Args:
        told: what the timeline says of it.
        status: by which it is found.
        body: the sign-off itself.
        others: who may have asked or decided, too, since steps may be called otherwise by now.
    """
    if not status == body.get("status") == told.said.get("status", "NOT_STARTED"):
        yield "status"
    for name in ("digest", "reason", "request", "comment"):
        if not _is_among(body.get(name) or None, [told.said.get(name)]):
            yield name
    for name, people in (("requested_by", told.asked), ("decided_by", told.decided)):
        if one_line(str(body.get(name) or "")) not in (people or {""}) | others:
            yield name
    for opinion in body.get("opinions") or ():
        said = {name: opinion.get(name) for name in ("by", "group", "verdict", "comment")}
        name = f"feedback.{opinion.get('number')}"
        if not _is_among(said, [told.said.get(name)]):
            yield name


def _is_among(value: Any, wanted: Iterable[Any]) -> bool:
    """Compared as the timeline has it: of long texts the beginning and the length."""
    return _text(shortened(value)) in [_text(each) for each in wanted]


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
