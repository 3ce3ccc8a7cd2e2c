"""What the timeline of a governed item says, in sentences."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from modelyard.governance.items.types import Event
from modelyard.governance.templates.types import Template
from modelyard.kernel.values import Value
from modelyard.web.pages.formats import capital
from modelyard.web.pages.plain_words import label_of

LONGEST = 60
DIGEST = re.compile(r"[0-9a-f]{32,}")
TOLD_OF_DIGESTS = 12
LARGE = 1e6
"""Numbers are told with six digits that count, below this."""
ITEM = re.compile(r"\b[a-z-]+:(?:[^/\s]+/)*([^/\s]+)")
"""An item that an attribute names, and what it is called."""
STATES = ("health", "status")
"""What attributes of states end in, besides those of steps."""
NOBODY = "modelyard"
"""Whom the timeline names for what rooms told, and what time did."""
OF_STATE = {
    "new": ("Left to be decided", "circle-dashed", ""),
    "suggested": ("Suggested", "bulb", "acc"),
    "governed": ("Governed", "shield-check", "ok"),
    "hidden": ("Hidden", "eye-off", ""),
}
OF_STEP = {
    "ONGOING": ("begun", "player-play", "acc"),
    "FINISHED": ("finished", "check", "ok"),
    "SKIPPED": ("passed over", "minus", ""),
    "NOT_STARTED": ("taken back to its beginning", "rotate", ""),
}
OF_SIGNOFF = {
    "WAITING_FOR_FEEDBACK": ("Feedback asked for", "hourglass", "warn"),
    "WAITING_FOR_APPROVAL": ("Decision asked for", "hourglass", "warn"),
    "APPROVED": ("Approved", "check", "ok"),
    "REJECTED": ("Rejected", "x", "err"),
    "ABANDONED": ("Abandoned", "circle-x", "err"),
    "NOT_STARTED": ("Sign-off begun anew", "rotate", ""),
}
OF_OPINION = {
    "APPROVED": ("has no objection", "check", "ok"),
    "MINOR_ISSUE": ("sees a minor issue", "alert-triangle", "warn"),
    "MAJOR_ISSUE": ("sees a major issue", "alert-circle", "err"),
}


class Told(Value):
    """An event in words: `what` happened, to what became of it, and what was said."""

    number: int
    at: datetime
    who: str
    """Empty: it came by itself."""
    what: str
    old: str = ""
    new: str = ""
    is_value: bool = False
    """Whether a value changed that is told, from what to what."""
    said: str = ""
    sign: str = "edit"
    tone: str = ""
    """As badges have it."""
    attribute: str


def told(events: list[Event], template: Template | None) -> tuple[Told, ...]:
    """Events in words."""
    names = _names(template)
    return tuple(_told(each, names) for each in events)


def text_of(value: Any) -> str:
    """A value in a few letters; empty if there is none."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}" if abs(value) < LARGE else f"{value:,.0f}"
    if isinstance(value, str) and DIGEST.fullmatch(value):
        return f"{value[:TOLD_OF_DIGESTS]}…"
    if isinstance(value, list):
        text = ", ".join(filter(None, map(text_of, value)))
    elif isinstance(value, dict):
        text = _text_of_parts(value)
    else:
        text = str(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _text_of_parts(value: Mapping[str, Any]) -> str:
    """What has a name by it; several things that are told by theirs, and else part by part."""
    if isinstance(value.get("name"), str):
        return str(value["name"])
    if all(isinstance(each, dict) for each in value.values()):
        return ", ".join(value)
    told = ((name.replace("_", " "), text_of(each)) for name, each in value.items())
    return ", ".join(f"{name} {text}" for name, text in told if text)


def _names(template: Template | None) -> dict[str, str]:
    """What people call the fields, steps and feedback groups of a template."""
    if template is None:
        return {}
    names = {f"fields.{each.id}": each.called for each in template.fields}
    for step in template.steps:
        names[f"steps.{step.id}"] = step.called
        groups = step.signoff.feedback if step.signoff else ()
        names |= {f"groups.{each.id}": each.called for each in groups}
    return names


def _told(event: Event, names: Mapping[str, str]) -> Told:
    part, _, rest = event.attribute.partition(".")
    given: dict[str, Any] = {"number": event.number, "at": event.at, "attribute": event.attribute}
    given["who"] = "" if event.actor == NOBODY else event.actor
    is_state = part == "steps" or event.attribute.rpartition(".")[2] in STATES
    given |= {"old": _value(event.old, state=is_state), "new": _value(event.new, state=is_state)}
    kinds = {"state": _state, "steps": _step, "signoffs": _signoff}
    words = kinds[part](event, rest, names) if part in kinds else _change(event, part, rest, names)
    return Told(**{**given, **words, "what": capital(words["what"])})


def _value(value: Any, *, state: bool) -> str:
    text = text_of(value)
    return label_of(text) if state and text.isupper() else text


def _state(event: Event, _rest: str, _names: Mapping[str, str]) -> dict[str, Any]:
    if event.old is None:
        return {"what": "First seen", "sign": "plus"}
    what, sign, tone = OF_STATE.get(str(event.new), (f"Became {event.new}", "edit", ""))
    return {"what": what, "sign": sign, "tone": tone}


def _step(event: Event, rest: str, names: Mapping[str, str]) -> dict[str, Any]:
    name = names.get(f"steps.{rest}", label_of(rest))
    what, sign, tone = OF_STEP.get(str(event.new), ("changed", "edit", ""))
    return {"what": f"{name} {what}", "sign": sign, "tone": tone}


def _signoff(event: Event, rest: str, names: Mapping[str, str]) -> dict[str, Any]:
    step, _, about = rest.partition(".")
    name = names.get(f"steps.{step}", label_of(step))
    word, _, more = about.partition(".")
    if word == "status":
        what, sign, tone = OF_SIGNOFF.get(str(event.new), ("Changed", "edit", ""))
        return {"what": f"{what}: {name}", "sign": sign, "tone": tone}
    if word == "digest":
        return {"what": f"{name}: digest of what it is about", "sign": "hash"}
    if word == "feedback":
        return _opinion(event, names)
    if word == "delegates":
        user, _, group = more.partition(".")
        what = "Handed on to" if event.new else "No longer handed on to"
        whose = names.get(f"groups.{group}", "") or "the decision"
        return {"what": f"{what} {user}: {whose}", "sign": "user-plus"}
    said = event.new if isinstance(event.new, str) else ""
    words = {"reason": "Why it began anew", "request": "Said with the request"}
    if not said:
        return {"what": f"{name}: what was said with it ended", "sign": "message"}
    return {"what": f"{words.get(word, 'Said')}: {name}", "said": said, "sign": "message"}


def _opinion(event: Event, names: Mapping[str, str]) -> dict[str, Any]:
    new = event.new if isinstance(event.new, dict) else None
    if new is None:
        return {"what": "Feedback taken back", "sign": "rotate"}
    what, sign, tone = OF_OPINION.get(str(new.get("verdict")), ("gave feedback", "message", ""))
    group = names.get(f"groups.{new.get('group')}", str(new.get("group")))
    said = str(new.get("comment") or "")
    return {"what": f"{group} {what}", "said": said, "sign": sign, "tone": tone}


def _change(event: Event, part: str, rest: str, names: Mapping[str, str]) -> dict[str, Any]:
    if event.attribute == "gone":
        return {"what": "Its source was deleted", "sign": "trash", "tone": "err"}
    if event.attribute == "activation.active":
        return {"what": "Made the active version" if event.new else "No longer the active version"}
    if part == "fields" and rest:
        name = names.get(event.attribute, label_of(rest))
    else:
        name = _name(part, rest)
    words = {"what": name, "is_value": True}
    return words if text_of(event.new) else {**words, "new": "empty"}


def _name(part: str, rest: str) -> str:
    """An attribute for people; what has the name of its part is called so once."""
    more = ITEM.sub(r"\1", rest).replace(".", " ").replace("_", " ")
    return label_of(part) + (f", {more}" if more not in ("", part) else "")
