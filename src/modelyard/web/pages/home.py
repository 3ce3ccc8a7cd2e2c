"""The home page: what needs attention, what runs, what happened; or how to begin."""

from __future__ import annotations

from datetime import datetime, timedelta

from modelyard.governance.commands import ListAudit
from modelyard.governance.types import Account, AuditEntry
from modelyard.jobs.commands import ListJobs
from modelyard.kernel.values import Value, now
from modelyard.projects.commands import ListProjects
from modelyard.projects.types import Project
from modelyard.web.pages.jobs import JobLine, active, lines_of
from modelyard.web.pages.naming import done, sign
from modelyard.web.pages.page import Nav, Page, View, Visit

RECENT = timedelta(days=7)
MOST = 8


class Happening(Value):
    """Something that somebody did."""

    at: datetime
    who: str
    what: str
    sign: str
    """The icon of what it was done to."""


class HomeView(View):
    """The workspace at a glance."""

    name: str
    projects: tuple[Project, ...]
    failed: tuple[JobLine, ...]
    """Jobs that failed in the last days."""
    active: tuple[JobLine, ...]
    happened: tuple[Happening, ...]
    finished: tuple[JobLine, ...]
    """Where the audit log may not be read: jobs that ended."""
    may_create: bool


def home(visit: Visit) -> HomeView:
    """Gather it."""
    projects = visit.part(ListProjects(limit=MOST + 1))
    ended = visit.run(ListJobs(limit=MOST * 4))
    failed = visit.run(ListJobs(state="failed", limit=MOST))
    since = now() - RECENT
    reads_audit = may(visit.account, "audit:read")
    return HomeView(
        title="Home",
        name=visit.account.display_name or visit.account.name,
        projects=tuple(projects),
        failed=lines_of(job for job in failed if job.ended and job.ended > since),
        active=active(visit),
        happened=_happened(visit) if reads_audit else (),
        finished=() if reads_audit else lines_of([j for j in ended if j.has_ended][:MOST]),
        may_create=may(visit.account, "projects:write"),
    )


def may(account: Account, right: str) -> bool:
    """Whether somebody has a right about the whole instance, so far as pages should offer it."""
    if account.kind == "local" or account.admin:
        return True
    area = right.partition(":")[0]
    return bool({right, f"{area}:*", "*:*"} & set(account.rights))


def _happened(visit: Visit) -> tuple[Happening, ...]:
    entries = visit.run(ListAudit(limit=MOST * 4, outcome="ok"))
    return tuple(each for entry in entries if (each := _happening(entry)))[:MOST]


def _happening(entry: AuditEntry) -> Happening | None:
    given = entry.arguments if isinstance(entry.arguments, dict) else {}
    what = done(entry.action, given)
    if what is None:
        return None
    return Happening(at=entry.started, who=entry.actor, what=what, sign=sign(entry.action))


PAGES = (Page("/", home, "home.html", Nav("Home", "home", "")),)
