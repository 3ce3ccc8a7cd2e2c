"""What receivers are told: a line and a text for people, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote

from modelyard.monitoring.alerting.types import Change
from modelyard.monitoring.watching.types import STATUSES, Status

TYPE = "modelyard.alert"
MARKS: dict[Status, str] = {"none": "–", "healthy": "✓", "warning": "!", "error": "✗"}
ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
"""What Slack wants to be written otherwise."""


def subject(project: str, alert: str, changes: Sequence[Change]) -> str:
    """All of it in a line: the worst that happened, and how much more did."""
    if changes[0].test:
        return f"[Modelyard] Test of the alert {alert} ({project})"
    worst = max(changes, key=lambda each: (STATUSES.index(each.after), each.kind != "project"))
    more = f" and {len(changes) - 1} more" if len(changes) > 1 else ""
    return f"[Modelyard] {worst.after.capitalize()}: {_thing(worst, project)}{more} ({project})"


def text(project: str, alert: str, changes: Sequence[Change], origin: str) -> str:
    """A text for people; `origin` is where the pages are, or nothing."""
    if changes[0].test:
        said = [f"This is a test of the alert {alert} of the project {project}: it arrives."]
    else:
        said = [_told(each, project) for each in changes]
    if origin:
        said.append(f"{origin}/projects/{quote(project, safe='')}/monitoring")
    said.append(f"Sent by the alert {alert} of the project {project}.")
    return "\n\n".join(said) + "\n"


def json_of(
    project: str, alert: str, changes: Sequence[Change], origin: str, at: datetime
) -> bytes:
    """What a webhook is sent."""
    data = {
        "project": project,
        "alert": alert,
        "test": changes[0].test,
        "changes": [each.model_dump(mode="json", exclude={"test"}) for each in changes],
        "monitoring": f"{origin}/projects/{quote(project, safe='')}/monitoring" if origin else None,
    }
    document = {"type": TYPE, "timestamp": at.isoformat(), "data": data}
    return json.dumps(document, ensure_ascii=False).encode()


def slack_json_of(project: str, alert: str, changes: Sequence[Change], origin: str) -> bytes:
    """What an incoming webhook of Slack is sent."""
    line, rest = subject(project, alert, changes), text(project, alert, changes, origin)
    said = f"*{line.translate(ENTITIES)}*\n{rest.translate(ENTITIES)}"
    return json.dumps({"text": said}, ensure_ascii=False).encode()


def _thing(change: Change, project: str) -> str:
    """What it is of; where that is another one, with the project that it is in."""
    elsewhere = f" of {change.project}" if change.project not in ("", project) else ""
    return f"{change.kind} {change.name}{elsewhere}"


def _told(change: Change, project: str) -> str:
    line = f"{MARKS[change.after]} {_thing(change, project)}: {change.before} → {change.after}"
    at = f"{change.at:%Y-%m-%d %H:%M} UTC"
    return f"{line}, {at}" + (f"\n  {change.why}" if change.why else "")
