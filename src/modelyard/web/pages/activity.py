"""What was done to a saved model or to one of its versions, out of the audit log."""

from __future__ import annotations

from modelyard.governance.commands import ListAudit
from modelyard.governance.types import AuditEntry
from modelyard.web.pages.home import Happening, happening, may
from modelyard.web.pages.page import Visit

MOST = 200
AREAS = {"models", "versions", "scoring"}


def may_read_activity(visit: Visit) -> bool:
    """Whether whoever asks may read the audit log."""
    return may(visit.account, "audit:read")


def activity_of(
    visit: Visit, project: str, model: str, version: str | None = None
) -> tuple[Happening, ...]:
    """What was done to a saved model, the newest first; of a version only what was about it."""
    asked = ListAudit(project=project, text=version or model, outcome="ok", limit=MOST)
    entries = [each for each in visit.run(asked) if _is_about(each, model, version)]
    return tuple(told for each in entries if (told := happening(each)))


def _is_about(entry: AuditEntry, model: str, version: str | None) -> bool:
    given = entry.arguments
    if not isinstance(given, dict) or entry.action.partition(".")[0] not in AREAS:
        return False
    named = given.get("name") if entry.action.startswith("models.") else given.get("model")
    if named != model:
        return False
    versions = given.get("versions")
    about = versions if isinstance(versions, list) else [given.get("version")]
    return version is None or version in about
