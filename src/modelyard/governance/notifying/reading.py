"""What the timeline says that people are told of: pure functions over its events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import JsonValue

from modelyard.governance.items.types import Event
from modelyard.governance.notifying.types import NotificationKind, Told
from modelyard.governance.signoffs.desk import KEEPER
from modelyard.governance.signoffs.machine import EXPIRED, WAITING
from modelyard.governance.signoffs.workflow import DONE, FINISHED

BESIDE = 4
"""Events after one of a status that may belong to it: reason, request, comment, digest."""
LONGEST = 500
"""Letters of a comment that are told; pages have all of it."""
DECIDED: Mapping[str, NotificationKind] = {
    "APPROVED": "approved",
    "REJECTED": "rejected",
    "ABANDONED": "abandoned",
}
ACTS = ("fields", "steps", "signoffs", "state", "parent")
"""Attributes whose change makes somebody one who has to do with an item."""


@dataclass(frozen=True)
class Happened:
    """Something that is told, and the event of which it is read."""

    told: Told
    number: int


def happened(
    events: Sequence[Event], beside: Sequence[Event], status: Mapping[str, str]
) -> list[Happened]:
    """What is told of some events.

    Args:
        events: in their order.
        beside: those right after them.
        status: where items are in their steps now.
    """
    found = []
    last = {each.item: each.number for each in [*events, *beside] if _ends_step(each)}
    for place, each in enumerate(events):
        near = [*events[place + 1 : place + 1 + BESIDE], *beside[:BESIDE]][:BESIDE]
        told = _told(each, near)
        is_last = _ends_step(each) and last[each.item] == each.number
        if is_last and status.get(each.item) == FINISHED:
            told = _of(each, "finished")
        if told is not None:
            found.append(Happened(told, each.number))
    return found


def actors(events: Sequence[Event]) -> dict[tuple[str, str], int]:
    """Who did something with which item, and the number of the first event of that.

    Whoever migrates templates has nothing to do with the items by that.
    """
    migrated = {(each.actor, each.item) for each in events if each.attribute == "template_version"}
    migrated -= {(each.actor, each.item) for each in events if each.attribute == "state"}
    found: dict[tuple[str, str], int] = {}
    for each in events:
        who = (each.actor, each.item)
        if each.attribute.split(".")[0] in ACTS and who not in migrated:
            found.setdefault(who, each.number)
    return found


def _ends_step(event: Event) -> bool:
    return event.attribute.startswith("steps.") and event.new in DONE


def _told(event: Event, near: Sequence[Event]) -> Told | None:
    if event.attribute == "state":
        return _of(event, "governed") if event.new == "governed" else None
    area, _, rest = event.attribute.partition(".")
    step, _, what = rest.partition(".")
    if area != "signoffs":
        return None
    if what == "status":
        return _of_status(event, step, {each.attribute: each.new for each in _same(event, near)})
    if what.startswith("feedback."):
        return _of_feedback(event, step)
    if what.startswith("delegates.") and event.new is not None:
        user, _, group = what.removeprefix("delegates.").rpartition(".")
        group = "" if group == "approval" else group
        asked = "feedback" if group else "approval"
        return _of(event, "delegated", step=step, user=user, group=group, asked=asked)
    return None


def _same(event: Event, near: Sequence[Event]) -> list[Event]:
    return [each for each in near if (each.item, each.actor) == (event.item, event.actor)]


def _of_status(event: Event, step: str, beside: Mapping[str, JsonValue]) -> Told | None:
    def said(name: str) -> str:
        return _cut(beside.get(f"signoffs.{step}.{name}"))

    if event.new in WAITING:
        asked = "approval" if event.new == WAITING[1] else "feedback"
        return _of(event, "asked", step=step, asked=asked, comment=said("request"))
    decided = DECIDED.get(str(event.new))
    if decided is not None:
        return _of(event, decided, step=step, comment=said("comment"))
    if event.actor != KEEPER:
        return _of(event, "cancelled" if event.old in WAITING else "reset", step=step)
    reason = said("reason")
    kind: NotificationKind = "reset_done" if reason == EXPIRED else "lapsed"
    return _of(event, kind, step=step, reason=reason)


def _of_feedback(event: Event, step: str) -> Told:
    if not isinstance(event.new, dict):
        return _of(event, "withdrawn", step=step)
    said = {name: str(event.new.get(name) or "") for name in ("group", "verdict")}
    comment = _cut(event.new.get("comment"))
    kind: NotificationKind = "feedback" if event.old is None else "edited"
    return _of(event, kind, step=step, comment=comment, **said)


def _of(event: Event, kind: NotificationKind, **more: Any) -> Told:
    actor = "" if event.actor == KEEPER else event.actor
    return Told(item=event.item, kind=kind, actor=actor, at=event.at, **more)


def _cut(value: JsonValue) -> str:
    said = value if isinstance(value, str) else ""
    return said if len(said) <= LONGEST else f"{said[: LONGEST - 1]}…"
