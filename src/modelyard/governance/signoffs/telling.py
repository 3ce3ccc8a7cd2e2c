"""What the timeline tells of fields, steps and sign-offs that became others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import JsonValue

from modelyard.governance.items.timeline import Change
from modelyard.governance.items.types import Item
from modelyard.governance.signoffs.types import Round


def changes_of_item(before: Item, after: Item) -> Iterator[Change]:
    """Fields and steps, and by which template they are."""
    for name in ("template", "template_version"):
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            yield Change(after.id, name, old, new)
    for part in ("fields", "steps"):
        yield from _differences(after.id, part, getattr(before, part), getattr(after, part))


def changes_of_signoffs(
    item: str, before: Mapping[str, Round], after: Mapping[str, Round]
) -> Iterator[Change]:
    """What was asked, thought, decided and delegated."""
    for step, signoff in after.items():
        was = before.get(step)
        if was is None or was == signoff:
            continue
        old, new = _told(was), _told(signoff)
        if was.number != signoff.number:  # what was said of the last round stays as it is
            old = {
                n: value for n, value in old.items() if not n.startswith("feedback.") or n in new
            }
        yield from _differences(item, f"signoffs.{step}", old, new)


def _told(signoff: Round) -> dict[str, JsonValue]:
    told: dict[str, JsonValue] = {
        "status": signoff.status,
        "reason": signoff.reason or None,
        "request": signoff.request or None,
        "comment": signoff.comment or None,
        "digest": signoff.digest or None,
    }
    for each in signoff.opinions:
        told[f"feedback.{each.number}"] = {
            "by": each.by,
            "group": each.group,
            "verdict": each.verdict,
            "comment": each.comment,
        }
    for to in signoff.delegates:
        told[f"delegates.{to.user}.{to.group or 'approval'}"] = to.by
    return told


def _differences(
    item: str, part: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[Change]:
    for name in [*after, *(name for name in before if name not in after)]:
        old, new = before.get(name), after.get(name)
        if old != new:
            yield Change(item, f"{part}.{name}", old, new)
