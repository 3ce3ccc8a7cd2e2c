"""The pages of jobs: what runs, what came of the others, one job with its log."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, get_args

from modelyard.jobs.commands import (
    CancelJob,
    ListJobs,
    ListWorkers,
    ReadJobLog,
    RetryJob,
    ShowJob,
)
from modelyard.jobs.types import Job, JobError, JobState, LogLine
from modelyard.kernel.values import Value, now
from modelyard.web.pages.form import Draft, Form
from modelyard.web.pages.formats import sentence, took
from modelyard.web.pages.naming import job_title
from modelyard.web.pages.page import Crumb, Nav, Page, View, Visit, address

PART = 50
LINES = 400
ALMOST = 0.99
SEARCHED = 100
"""Jobs that the search looks at."""
STATES: tuple[JobState, ...] = get_args(JobState)
JOBS = Crumb(label="Jobs", href="/jobs")


class JobLine(Value):
    """A job as lists show it."""

    id: str
    href: str
    title: str
    project: str | None
    state: JobState
    is_being_cancelled: bool
    actor: str
    fraction: float | None
    said: str
    error: JobError | None
    rows: int | None
    seconds: float | None
    submitted: datetime
    ended: datetime | None


class JobsView(View):
    """The jobs that whoever asks may see."""

    active: tuple[JobLine, ...]
    """What runs or waits; only with the first part of the list."""
    finished: tuple[JobLine, ...]
    next: str | None
    """Where the list of finished ones goes on."""

    workers: int
    """How many live."""
    heard: int | None
    """Seconds since the last sign of life of any."""


class JobView(View):
    """One job."""

    job: Job
    line: JobLine
    log: tuple[LogLine, ...]
    left_out: int
    """Lines of the log before those."""
    outcome_href: str | None
    """What it made."""
    again_href: str | None
    """The form that it was begun by, filled in as it was."""


class RunningView(View):
    """How many jobs run."""

    running: int


def line_of(job: Job) -> JobLine:
    """A job as lists show it."""
    return JobLine(
        id=job.id,
        href=address("/jobs/{id}", id=job.id),
        title=job_title(job.command, job.arguments),
        project=job.project,
        state=job.state,
        is_being_cancelled=job.is_being_cancelled,
        actor=job.actor,
        fraction=_fraction(job),
        said=_said(job),
        error=job.error,
        rows=job.rows,
        seconds=_seconds(job),
        submitted=job.submitted,
        ended=job.ended,
    )


def lines_of(jobs: Iterable[Job]) -> tuple[JobLine, ...]:
    """Jobs as lists show them."""
    return tuple(map(line_of, jobs))


def active(visit: Visit, *, project: str | None = None) -> tuple[JobLine, ...]:
    """What runs, and then what waits."""
    running = visit.run(ListJobs(state="running", project=project, limit=PART))
    queued = visit.run(ListJobs(state="queued", project=project, limit=PART))
    return lines_of([*running, *reversed(queued)])


def jobs(visit: Visit) -> JobsView:
    """What runs and waits, and a part of what has ended."""
    state = visit.one_of("state", STATES)
    found = visit.part(ListJobs(limit=PART, after=visit.asked("after") or None, state=state))
    mine = visit.asked("by") == "me"
    shown = [job for job in found if not mine or job.actor == visit.account.name]
    living = [each for each in visit.run(ListWorkers()) if each.lives]
    heard = [(now() - each.seen).total_seconds() for each in living]
    return JobsView(
        title="Jobs",
        active=() if visit.asked("after") or state else active(visit),
        finished=lines_of(job for job in shown if job.has_ended),
        next=found.next,
        workers=len(living),
        heard=max(0, round(min(heard))) if heard else None,
    )


def job(visit: Visit) -> JobView:
    """A job with the end of its log."""
    found = visit.run(ShowJob(id=visit.path["id"]))
    after = max(found.lines - LINES, 0)
    log = visit.run(ReadJobLog(id=found.id, after=after, limit=LINES))
    line = line_of(found)
    return JobView(
        title=line.title,
        crumbs=(JOBS,),
        job=found,
        line=line,
        log=tuple(log),
        left_out=after,
        outcome_href=made_by(found),
        again_href=_again(found),
    )


def running(visit: Visit) -> RunningView:
    """How many jobs run, for the top of every page."""
    return RunningView(
        title="Running", running=len(visit.run(ListJobs(state="running", limit=PART)))
    )


def _fraction(job: Job) -> float | None:
    """How far it is: all the way once it has succeeded, and not before."""
    if job.state == "succeeded" or job.fraction is None:
        return 1.0 if job.state == "succeeded" else None
    return min(job.fraction, ALMOST)


def _said(job: Job) -> str:
    if job.state == "queued":
        return "Waits for a free worker" if job.attempt == 0 else "Is begun again after an error"
    if job.state in {"failed", "cancelled"}:
        return f"{job.state.capitalize()} after {took(_seconds(job))}"
    if job.is_being_cancelled:
        return "Cancelling…"
    parts = [sentence(job.message)] if job.message else []
    if job.rows and f"{job.rows:,} " not in job.message:
        parts.append(f"{job.rows:,} rows")
    if not job.message.endswith(" left") and (left := _left(job)):
        parts.append(left)
    return ", ".join(parts)


def _left(job: Job) -> str:
    """The time that is left, judged by how long the rest took."""
    if job.state != "running" or job.started is None:
        return ""
    if job.fraction is None or not 0.05 <= job.fraction < 1:
        return ""
    passed = (now() - job.started).total_seconds()
    seconds = round(passed * (1 - job.fraction) / job.fraction)
    return f"{seconds} s left" if seconds < 90 else f"{round(seconds / 60)} min left"


def _seconds(job: Job) -> float | None:
    if job.started is None:
        return None
    passed: timedelta = (job.ended or now()) - job.started
    return max(passed.total_seconds(), 0.0)


def made_by(job: Job) -> str | None:
    """The page of what a job made."""
    if job.state != "succeeded":
        return None
    result = job.result if isinstance(job.result, dict) else {}
    given = {"job": job.id, "made": str(result.get("id"))}
    if project := job.project or result.get("project"):
        given["project"] = str(project)
    given |= {name: str(value) for name, value in job.arguments.items() if value is not None}
    of_evaluation = job.command == "recipes.run" and "metrics" in result
    try:
        return address(MADE["evaluations.run" if of_evaluation else job.command], **given)
    except KeyError:  # there is no page of it, or it does not say of what: the active version
        return None


def _again(job: Job) -> str | None:
    """The form in which what a job was given can be changed, where it did not succeed."""
    if job.state not in {"failed", "cancelled"} or job.command not in FILLED or not job.project:
        return None
    return f"{address(FILLED[job.command], project=job.project)}?job={job.id}"


def given_to_job(visit: Visit, command: str) -> dict[str, Any]:
    """What the job was given that the address of a form names, if it is one of its command."""
    if not visit.asked("job"):
        return {}
    found = visit.run(ShowJob(id=visit.asked("job")))
    return dict(found.arguments) if found.command == command else {}


FILLED: dict[str, str] = {}
"""The form by which a command is begun, by its name; asked for with `job`, it is filled in so."""
MADE: dict[str, str] = {}
"""The page of what a command makes, by its name: `versions.import` to that of the version.

Its fields are the command's arguments, `job`, and `made`, the id of what it made.
"""


def _job_draft(visit: Visit) -> Draft:
    found = visit.run(ShowJob(id=visit.path["id"]))
    shown = Crumb(label=job_title(found.command, found.arguments), href=line_of(found).href)
    return Draft(crumbs=(JOBS, shown))


def _shown(_visit: Visit, found: Job) -> str:
    return line_of(found).href


def _cancelled(found: Job) -> str:
    return "The job is cancelled." if found.has_ended else "The job is being cancelled."


PAGES = (
    Page("/jobs", jobs, "jobs.html", Nav("Jobs", "player-play", "")),
    Page("/jobs/running", running, "running.html"),
    Page("/jobs/{id}", job, "job.html"),
    Form(
        "/jobs/{id}/cancel",
        CancelJob,
        "Cancel the job",
        "Cancel the job",
        _shown,
        said=_cancelled,
        intro="Its process is ended. What it has done so far stays.",
        prepare=_job_draft,
        dangerous=True,
    ),
    Form(
        "/jobs/{id}/retry",
        RetryJob,
        "Run the job again",
        "Run again",
        _shown,
        said="The job waits for a worker.",
        prepare=_job_draft,
    ),
)
