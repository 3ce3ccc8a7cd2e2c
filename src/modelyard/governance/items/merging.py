"""What an item is once facts were told of it, and what changed by that: pure functions."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pydantic import JsonValue

from modelyard.governance.items.facts import Fact, digest_of
from modelyard.governance.items.ids import parent_of, parsed, project_of
from modelyard.governance.items.timeline import Change
from modelyard.governance.items.types import Facts, Item

MOST_CHANGES = 20
"""Attributes of a section whose changes are told one by one; more are told as one."""
GONE, STATE = "gone", "state"


@dataclass(frozen=True)
class Mark:
    """How a section was when it was last told."""

    mark: str
    digest: str
    bound: str
    """Of the part that an approval is bound to."""


Marks = dict[str, Mark]


@dataclass(frozen=True)
class Kept:
    """An item with what is kept beside it."""

    item: Item
    marks: Marks
    readers: tuple[str, ...] | None = None


def gathered(facts: Iterable[Fact]) -> dict[str, dict[str, Fact]]:
    """The sections of each item that is there, by their names."""
    found: dict[str, dict[str, Fact]] = defaultdict(dict)
    for fact in facts:
        found[fact.item][fact.section] = fact
    return {item: facts for item, facts in found.items() if parsed(item)[0] in facts}


def marks_of(facts: Mapping[str, Fact], before: Marks) -> Marks:
    """The mark of each section, as it is now."""
    return {
        name: before[name] if fact.body is None else _mark(fact, fact.body)
        for name, fact in facts.items()
    }


def merged(
    id_: str, facts: Mapping[str, Fact], before: Kept | None, at: datetime
) -> tuple[Kept, list[Change]]:
    """What an item is from now on, and what changed by that.

    One that comes again under the name of another that is gone inherits nothing of that.

    Args:
        id_: of the item.
        facts: its sections; a body that was left out is as it was before.
        before: what it was; None: it is new.
        at: the moment of the changes.
    """
    told: Facts = {} if before is None else before.item.facts
    marks = marks_of(facts, {} if before is None else before.marks)
    bodies = {name: told[name] if fact.body is None else fact.body for name, fact in facts.items()}
    item = _begun(id_, at) if before is None else before.item
    changes: list[Change] = []
    if before is None:
        changes.append(Change(id_, STATE, None, item.state, at))
    elif item.gone is not None:
        fresh = _begun(id_, at)
        changes.append(Change(id_, GONE, item.gone.isoformat(), None, at))
        changes += list(_layer_changes(item, fresh, at))
        item = fresh
    if before is not None:
        changes += _differences(id_, told, bodies, at)
    own = facts[item.kind]
    stage = bodies[item.kind].get("stage")
    found = item.model_copy(
        update={
            "facts": bodies,
            "digest": digest_of({name: mark.bound for name, mark in marks.items() if mark.bound}),
            "stage": stage if isinstance(stage, str) else "",
            "changed": at if changes else item.changed,
        }
    )
    return Kept(found, marks, own.readers), changes


def left(before: Kept, at: datetime) -> tuple[Kept, list[Change]]:
    """An item whose source was deleted; it is kept with what was last told of it."""
    item = before.item.model_copy(update={"gone": at, "changed": at})
    return replace(before, item=item), [Change(item.id, GONE, None, at.isoformat(), at)]


def _begun(id_: str, at: datetime) -> Item:
    kind, path = parsed(id_)
    return Item(
        id=id_,
        kind=kind,
        project=project_of(id_),
        name=path[-1],
        parent=parent_of(id_),
        digest="",
        created=at,
        changed=at,
    )


def _layer_changes(before: Item, after: Item, at: datetime) -> Iterator[Change]:
    """What governance kept on it, and keeps no more."""
    for name in (
        *("state", "template", "template_version", "status"),
        *("parent", "fields", "steps"),
    ):
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            yield Change(after.id, name, old, new, at)


def _mark(fact: Fact, body: dict[str, JsonValue]) -> Mark:
    bound = {name: body.get(name) for name in fact.bound}
    return Mark(fact.mark, digest_of(body), digest_of(bound) if bound else "")


def _differences(id_: str, before: Facts, after: Facts, at: datetime) -> Iterator[Change]:
    """Of each section what is otherwise than it was, attribute by attribute."""
    for name in sorted(before.keys() | after.keys()):
        found = list(_within(name, before.get(name), after.get(name)))
        if len(found) > MOST_CHANGES:
            found = [
                (name, f"{len(before.get(name) or {})} facts", f"{len(found)} of them changed")
            ]
        for attribute, old, new in found:
            yield Change(id_, attribute, old, new, at)


def _within(
    name: str, before: JsonValue, after: JsonValue
) -> Iterator[tuple[str, JsonValue, JsonValue]]:
    if isinstance(before, dict) and isinstance(after, dict):
        for part in sorted(before.keys() | after.keys()):
            yield from _within(f"{name}.{part}", before.get(part), after.get(part))
    elif before != after:
        yield name, before, after


def written(marks: Marks) -> str:
    """Marks as a column keeps them."""
    return json.dumps({name: [m.mark, m.digest, m.bound] for name, m in marks.items()})


def read(text: str) -> Marks:
    """The same, back."""
    found: dict[str, Any] = json.loads(text)
    return {name: Mark(*parts) for name, parts in found.items()}
