"""The home page: what needs attention, what runs, what happened; or how to begin."""

from __future__ import annotations

from datetime import datetime, timedelta

from modelyard.governance.commands import ListAudit
from modelyard.governance.types import Account, AuditEntry
from modelyard.jobs.commands import ListJobs
from modelyard.kernel.values import Value, now
from modelyard.models.commands import ListModels
from modelyard.projects.commands import ListProjects
from modelyard.projects.types import Project
from modelyard.web.pages.jobs import JobLine, active, lines_of
from modelyard.web.pages.naming import done, place, sign
from modelyard.web.pages.page import Nav, Page, View, Visit, Way

RECENT = timedelta(days=7)
MOST = 8
FEW = 3


class Happening(Value):
    """Something that somebody did."""

    at: datetime
    who: str
    what: str
    href: str = ""
    """The page of what it was done to, where there is one."""
    sign: str
    """The icon of that."""


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
    is_new: bool
    """Whether there is no model yet."""
    ways: tuple[Way, ...]


def pages(ways: tuple[Way, ...]) -> tuple[Page, ...]:
    """The page, offering these ways to the first model."""

    def home(visit: Visit) -> HomeView:
        """Gather it."""
        projects = tuple(visit.part(ListProjects(limit=MOST + 1)))
        failed = visit.run(ListJobs(state="failed", limit=MOST))
        since = now() - RECENT
        reads_audit = may(visit.account, "audit:read")
        return HomeView(
            title="Home",
            name=visit.account.display_name or visit.account.name,
            projects=projects,
            failed=lines_of(job for job in failed if job.ended and job.ended > since),
            active=active(visit),
            happened=_happened(visit) if reads_audit else (),
            finished=() if reads_audit else _finished(visit),
            may_create=may(visit.account, "projects:write"),
            is_new=_is_new(visit, projects),
            ways=offered(ways, visit.account),
        )

    return (Page("/", home, "home.html", Nav("Home", "home", "")),)


def may(account: Account, right: str) -> bool:
    """Whether somebody has a right about the whole instance, so far as pages should offer it."""
    if account.kind == "local" or account.admin:
        return True
    area = right.partition(":")[0]
    return bool({right, f"{area}:*", "*:*"} & set(account.rights))


def offered(ways: tuple[Way, ...], account: Account) -> tuple[Way, ...]:
    """The first ways that somebody may take."""
    return tuple(way for way in ways if not way.needs or may(account, way.needs))[:FEW]


def _is_new(visit: Visit, projects: tuple[Project, ...]) -> bool:
    """Whether no project has a model; who has many projects has looked around already."""
    if len(projects) > FEW:
        return False
    return not any(visit.run(ListModels(project=each.key, limit=1)) for each in projects)


def _finished(visit: Visit) -> tuple[JobLine, ...]:
    ended = [job for job in visit.run(ListJobs(limit=MOST * 4)) if job.has_ended]
    return lines_of(ended[:MOST])


def _happened(visit: Visit) -> tuple[Happening, ...]:
    entries = visit.run(ListAudit(limit=MOST * 4, outcome="ok"))
    return tuple(each for entry in entries if (each := happening(entry)))[:MOST]


def happening(entry: AuditEntry) -> Happening | None:
    """An entry of the audit log in words; None for what is not worth telling."""
    given = entry.arguments if isinstance(entry.arguments, dict) else {}
    what = done(entry.action, given)
    if what is None:
        return None
    return Happening(
        at=entry.started,
        who=entry.actor,
        what=what,
        href=place(entry.action, {"project": entry.project, **given}),
        sign=sign(entry.action),
    )
