"""The home page: what needs attention, what runs, what happened; or how to begin."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from modelyard.governance.commands import ListAudit
from modelyard.governance.types import Account, AuditEntry
from modelyard.jobs.commands import ListJobs
from modelyard.jobs.types import Job
from modelyard.kernel.values import Value, now
from modelyard.models.commands import ListModels
from modelyard.projects.commands import ListProjects
from modelyard.projects.types import Project
from modelyard.web.pages.governance import TaskLine, task_lines
from modelyard.web.pages.jobs import JobLine, active, lines_of
from modelyard.web.pages.naming import done, place, sign
from modelyard.web.pages.page import Elsewhere, Nav, Page, View, Visit, Way

RECENT = timedelta(days=7)
MOST = 8
FEW = 3
COUNTED = 50
"""Saved models of a project that are counted."""
LOOKED_AT = 50
"""Jobs among which those are sought that need attention."""
TRIED = "versions.probe"
"""What keeps nothing: that it failed was its answer, and is nobody's task."""


class Happening(Value):
    """Something that somebody did."""

    at: datetime
    who: str
    what: str
    href: str = ""
    """The page of what it was done to, where there is one."""
    sign: str
    """The icon of that."""


class ProjectLine(Value):
    """A project with what is known of its saved models."""

    project: Project
    models: int
    more: bool
    """Whether there are more saved models than were counted."""
    changed: datetime
    """When it last got a version or a saved model; else when it was created."""


class HomeView(View):
    """The workspace at a glance."""

    name: str
    projects: tuple[ProjectLine, ...]
    tasks: tuple[TaskLine, ...]
    """Sign-offs that wait for whoever asks."""
    failed: tuple[JobLine, ...]
    """Jobs that failed in the last days, and that nobody did again with success."""
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
        """Gather it; a govern node has governed items alone."""
        if visit.yard.open().settings.role == "govern":
            raise Elsewhere("/governance")
        projects = tuple(visit.part(ListProjects(limit=MOST)))
        lines = tuple(_line_of(visit, each) for each in projects)
        reads_audit = may(visit.account, "audit:read")
        return HomeView(
            title="Home",
            name=visit.account.display_name or visit.account.name,
            projects=lines,
            tasks=task_lines(visit),
            failed=lines_of(_needs_attention(visit)),
            active=active(visit),
            happened=_happened(visit) if reads_audit else (),
            finished=() if reads_audit else _finished(visit),
            may_create=may(visit.account, "projects:write"),
            is_new=len(projects) <= FEW and not any(each.models for each in lines),
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


def _line_of(visit: Visit, project: Project) -> ProjectLine:
    found = visit.part(ListModels(project=project.key, sort="changed", limit=COUNTED))
    changed = max((each.changed for each in found), default=project.created)
    return ProjectLine(
        project=project, models=len(found), more=found.next is not None, changed=changed
    )


def _needs_attention(visit: Visit) -> list[Job]:
    """Jobs of the last days that failed, are whoever asks' business, and never succeeded since."""
    since = now() - RECENT
    failed = [
        job
        for job in visit.run(ListJobs(state="failed", limit=LOOKED_AT))
        if job.ended and job.ended > since and job.command != TRIED and _concerns(visit, job)
    ]
    done = {
        command: visit.run(ListJobs(state="succeeded", command=command, limit=LOOKED_AT))
        for command in {job.command for job in failed}
    }
    return [job for job in failed if not _was_mended(job, done[job.command])][:MOST]


def _concerns(visit: Visit, job: Job) -> bool:
    is_admin = visit.role(job.project or "") == "admin"
    return is_admin or job.actor == visit.account.name


def _was_mended(failed: Job, done: Iterable[Job]) -> bool:
    """Whether the same was done with success later."""
    asked = (failed.project, failed.arguments)
    return any(
        (each.project, each.arguments) == asked and each.submitted > failed.submitted
        for each in done
    )


def _finished(visit: Visit) -> tuple[JobLine, ...]:
    ended = [job for job in visit.run(ListJobs(limit=MOST * 4)) if job.has_ended]
    return lines_of(ended[:MOST])


def _happened(visit: Visit) -> tuple[Happening, ...]:
    entries = visit.run(ListAudit(limit=MOST * 4, outcome="ok"))
    return tuple(each for entry in entries if (each := happening(entry)))[:MOST]


def happening(entry: AuditEntry) -> Happening | None:
    """An entry of the audit log in words; None for what is not worth telling."""
    given = entry.arguments if isinstance(entry.arguments, dict) else {}
    given = {"project": entry.project, **given}
    what = done(entry.action, given)
    if what is None:
        return None
    return Happening(
        at=entry.started,
        who=entry.actor,
        what=what,
        href=place(entry.action, given),
        sign=sign(entry.action),
    )
