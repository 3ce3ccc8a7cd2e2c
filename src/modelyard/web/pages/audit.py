"""The pages of the audit log: searched, one entry, whether it is whole, as a file."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from modelyard import errors
from modelyard.governance.commands import VerifyAudit
from modelyard.governance.types import Account, AuditCheck, AuditEntry, AuditFilter
from modelyard.jobs.commands import ShowJob
from modelyard.kernel import paging
from modelyard.kernel.command import Command
from modelyard.kernel.values import Value
from modelyard.verbs import CATALOG
from modelyard.web.pages.form import Draft, Form, Words
from modelyard.web.pages.formats import sentence
from modelyard.web.pages.home import may
from modelyard.web.pages.jobs import MADE, JobLine, line_of
from modelyard.web.pages.naming import done, project_of, sign, wanted
from modelyard.web.pages.page import Crumb, Download, Nav, Page, View, Visit, address

PART = 50
AUDIT = Crumb(label="Audit", href="/audit")
FILTERS = tuple(AuditFilter.model_fields)
FORMATS = ("jsonl", "csv")
TITLE = "Is the log whole?"
VERIFY = "audit.verify"
SUBMIT = "jobs.submit"
VERIFIED = "/audit/verify/{job}"
MADE[VERIFY] = VERIFIED


class AuditLine(Value):
    """An entry as lists show it."""

    entry: AuditEntry
    what: str
    project: str
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

    job: JobLine
    """That reads it."""
    ended: bool
    check: AuditCheck | None
    problem: str


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
    line = _line(found)
    project = address("/projects/{project}", project=line.project) if line.project else None
    return EntryView(
        title=f"Entry {found.number}",
        crumbs=(AUDIT,),
        line=line,
        entry=found,
        project_href=project,
    )


def verified(visit: Visit) -> VerifiedView:
    """What a job that reads the log has found, or how far it is."""
    job = visit.run(ShowJob(id=visit.path["job"]))
    if job.command != VERIFY:
        raise errors.NotFound(f"the job {job.id} does not verify the log")
    done = job.state == "succeeded"
    return VerifiedView(
        title=TITLE,
        crumbs=(AUDIT,),
        job=line_of(job),
        ended=job.has_ended,
        check=AuditCheck.model_validate(job.result) if done else None,
        problem=sentence(job.error.detail) if job.error else "",
    )


def _filter(visit: Visit) -> dict[str, str]:
    return {name: text for name in FILTERS if (text := visit.asked(name).strip())}


def _line(entry: AuditEntry) -> AuditLine:
    given = entry.arguments if isinstance(entry.arguments, dict) else {}
    given = {"project": entry.project, **given}
    project = entry.project
    what = done(entry.action, given) if entry.outcome == "ok" else None
    if entry.action == SUBMIT and isinstance(held := given.get("given", {}), dict):
        later = str(given.get("command", ""))
        project = project_of(later, held)
        what = f"{wanted(later, {'project': project, **held})}, as a job"
    return AuditLine(
        entry=entry,
        what=sentence(what or wanted(entry.action, given)),
        project=project or "",
        sign=sign(entry.action),
        href=address("/audit/{number}", number=str(entry.number)),
    )


def _format(visit: Visit) -> str:
    return visit.one_of("format", FORMATS) or FORMATS[0]


def _export(visit: Visit, path: str) -> Command[Any]:
    given = {**_filter(visit), "to": path, "format": _format(visit)}
    return CATALOG.fill("audit.export", given)


PAGES: tuple[Page | Form | Download, ...] = (
    Page("/audit", audit, "audit.html", Nav("Audit", "history", "Governance", reads_audit)),
    Form(
        "/audit/verify",
        VerifyAudit,
        TITLE,
        "Read the whole log",
        lambda visit, _made: visit.address,
        intro="Each entry holds the hash of the one before it. A job reads all of them, which may "
        "take a while; what it finds is shown here.",
        fields=("head",),
        words={"head": Words(label="A hash that was kept elsewhere", mono=True)},
        prepare=lambda _visit: Draft(crumbs=(AUDIT,)),
        follow=lambda _visit, job: address(VERIFIED, job=job.id),
    ),
    Page(VERIFIED, verified, "audit_verified.html"),
    Download("/audit/export", _export, lambda visit: f"audit.{_format(visit)}"),
    Page("/audit/{number}", entry, "audit_entry.html"),
)
