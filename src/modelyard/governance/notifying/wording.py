"""What is told, in words: a sentence for people, a mail as text and HTML, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from html import escape
from urllib.parse import quote

from modelyard.governance.notifying.types import Notification, Told

TYPE = "modelyard.notification"
LISTED = 50
"""Notifications that a mail tells; of more it says how many they are."""
ASKED = {"feedback": "give feedback", "approval": "decide"}
VERDICTS = {"APPROVED": "approved", "MINOR_ISSUE": "minor issue", "MAJOR_ISSUE": "major issue"}


def sentence(told: Told) -> str:
    """What happened, in one sentence without its end."""
    item, who = told.item, told.actor or "Modelyard"
    step = f"the step {told.step} of {item}"
    asked = ASKED.get(told.asked, "sign off")
    since = f"{told.due:%Y-%m-%d}" if told.due else ""
    because = f": {told.reason}" if told.reason else ""
    return {
        "asked": f"{who} asks to {asked} on {step}",
        "reminder": f"{item} waits for you to {asked} on the step {told.step}, since {since}",
        "delegated": f"{who} delegated {_task(told)} on {step} to {told.user}",
        "feedback": f"{who} gave feedback on {step}{_verdict(told)}",
        "edited": f"{who} changed feedback on {step}{_verdict(told)}",
        "withdrawn": f"{who} took feedback on {step} back",
        "approved": f"{who} approved {step}",
        "rejected": f"{who} rejected {step}",
        "abandoned": f"{who} abandoned the sign-off of {step}",
        "cancelled": f"{who} cancelled the request for the sign-off of {step}",
        "reset": f"{who} reset the sign-off of {step}",
        "lapsed": f"The sign-off of {step} lapsed{because}",
        "reset_soon": f"The approval of {step} ends on {since}, and begins anew",
        "reset_done": f"The approval of {step} has ended, and begins anew{because}",
        "governed": f"{item} is governed, by {who}",
        "finished": f"{item} has finished its steps",
    }[told.kind]


def subject(told: Sequence[Notification]) -> str:
    """All of it in a line: what is asked first, else the newest, and how much more there is."""
    asking = [each for each in told if each.kind in ("asked", "delegated", "reminder")]
    more = f" and {len(told) - 1} more" if len(told) > 1 else ""
    return f"[Modelyard] {(asking or told)[-1].text}{more}"


def text(told: Sequence[Notification], origin: str) -> str:
    """A mail in plain letters; `origin` is where the pages are, or nothing."""
    said = []
    for each in told[:LISTED]:
        lines = [f"{each.text}.", f"  {each.at:%Y-%m-%d %H:%M} UTC"]
        lines += [f"  “{each.comment}”"] if each.comment else []
        lines += [f"  {link(each.item, origin)}"] if origin else []
        said.append("\n".join(lines))
    said += _rest(told, origin)
    return "\n\n".join(said) + "\n"


def html(told: Sequence[Notification], origin: str) -> str:
    """The same as HTML; whatever people wrote is escaped."""
    said = []
    for each in told[:LISTED]:
        head = escape(f"{each.text}.")
        if origin:
            head = f'<a href="{escape(link(each.item, origin))}">{head}</a>'
        at = f"<small>{each.at:%Y-%m-%d %H:%M} UTC</small>"
        comment = f"<blockquote>{escape(each.comment)}</blockquote>" if each.comment else ""
        said.append(f"<li>{head}<br>{at}{comment}</li>")
    rest = "".join(f"<p>{escape(line)}</p>" for line in _rest(told, origin))
    return f"<!doctype html><html><body><ul>{''.join(said)}</ul>{rest}</body></html>"


def json_of(user: str | None, told: Sequence[Notification], origin: str, at: datetime) -> bytes:
    """What a webhook is sent."""
    found = [
        {
            **each.model_dump(mode="json", exclude={"read"}),
            "link": link(each.item, origin) if origin else None,
        }
        for each in told
    ]
    document = {
        "type": TYPE,
        "timestamp": at.isoformat(),
        "data": {"user": user, "notifications": found},
    }
    return json.dumps(document, ensure_ascii=False).encode()


def link(item: str, origin: str) -> str:
    """The address of an item's page."""
    return f"{origin}/governance/items/{quote(item, safe='')}"


def _task(told: Told) -> str:
    return f"feedback for {told.group}" if told.group else "the decision"


def _verdict(told: Told) -> str:
    of = f" for {told.group}" if told.group else ""
    return f"{of}: {VERDICTS.get(told.verdict, told.verdict)}"


def _rest(told: Sequence[Notification], origin: str) -> list[str]:
    left = len(told) - LISTED
    more = [f"And {left} more."] if left > 0 else []
    where = f"How you are told, and of what: {origin}/account/notifications" if origin else ""
    return [*more, *([where] if where else [])]
