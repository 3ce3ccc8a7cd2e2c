"""The pages of the audit log: searched, one entry, whether it is whole, as a file."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from modelyard import errors
from modelyard.governance.types import Account, AuditCheck, AuditEntry, AuditFilter
from modelyard.kernel import paging
from modelyard.kernel.command import Command
from modelyard.kernel.values import Value
from modelyard.verbs import CATALOG
from modelyard.web.pages.formats import sentence
from modelyard.web.pages.home import may
from modelyard.web.pages.naming import about, done, sign
from modelyard.web.pages.page import Crumb, Download, Nav, Page, View, Visit, address

PART = 50
AUDIT = Crumb(label="Audit", href="/audit")
FILTERS = tuple(AuditFilter.model_fields)
FORMATS = ("jsonl", "csv")


class AuditLine(Value):
    """An entry as lists show it."""

    entry: AuditEntry
    what: str
    sign: str
    href: str


class AuditView(View):
    """What was done and what was refused."""

    lines: tuple[AuditLine, ...]
    next: str | None
    problem: str
    """What is wrong with the filter."""
    exports: dict[str, str]
    """The addresses of the same entries as files, by format."""


class EntryView(View):
    """One entry."""

    line: AuditLine
    entry: AuditEntry
    project_href: str | None


class VerifiedView(View):
    """Whether the log is as it was written."""

    check: AuditCheck | None
    problem: str
    head: str
    """The hash that was kept elsewhere."""


def reads_audit(account: Account) -> bool:
    """Whether somebody may read the log."""
    return may(account, "audit:read")


def audit(visit: Visit) -> AuditView:
    """A part of the log, as it is filtered."""
    given = _filter(visit)
    asked = {**given, "limit": PART, "after": visit.asked("after") or None}
    found: paging.Page[AuditEntry] = paging.Page([])
    problem = ""
    try:
        found = visit.part(CATALOG.fill("audit.list", asked))
    except errors.Invalid as exc:
        problem = sentence(exc.detail)
    return AuditView(
        title="Audit",
        lines=tuple(map(_line, found)),
        next=found.next,
        problem=problem,
        exports={each: f"/audit/export?{urlencode({**given, 'format': each})}" for each in FORMATS},
    )


def entry(visit: Visit) -> EntryView:
    """Look an entry up."""
    found: AuditEntry = visit.run(CATALOG.fill("audit.show", {"number": visit.path["number"]}))
    project = address("/projects/{project}", project=found.project) if found.project else None
    return EntryView(
        title=f"Entry {found.number}",
        crumbs=(AUDIT,),
        line=_line(found),
        entry=found,
        project_href=project,
    )


def verified(visit: Visit) -> VerifiedView:
    """Read the whole log."""
    head = visit.asked("head").strip()
    check: AuditCheck | None = None
    problem = ""
    try:
        check = visit.run(CATALOG.fill("audit.verify", {"head": head or None}))
    except (errors.Failed, errors.Invalid) as exc:
        problem = sentence(exc.detail)
    return VerifiedView(
        title="Is the log whole?", crumbs=(AUDIT,), check=check, problem=problem, head=head
    )


def _filter(visit: Visit) -> dict[str, str]:
    return {name: text for name in FILTERS if (text := visit.asked(name).strip())}


def _line(entry: AuditEntry) -> AuditLine:
    given = entry.arguments if isinstance(entry.arguments, dict) else {}
    what = done(entry.action, given) if entry.outcome == "ok" else None
    return AuditLine(
        entry=entry,
        what=sentence(what or about(entry.action)),
        sign=sign(entry.action),
        href=address("/audit/{number}", number=str(entry.number)),
    )


def _format(visit: Visit) -> str:
    return visit.one_of("format", FORMATS) or FORMATS[0]


def _export(visit: Visit, path: str) -> Command[Any]:
    given = {**_filter(visit), "to": path, "format": _format(visit)}
    return CATALOG.fill("audit.export", given)


PAGES = (
    Page("/audit", audit, "audit.html", Nav("Audit", "history", "Governance", reads_audit)),
    Page("/audit/verify", verified, "audit_verified.html"),
    Download("/audit/export", _export, lambda visit: f"audit.{_format(visit)}"),
    Page("/audit/{number}", entry, "audit_entry.html"),
)
