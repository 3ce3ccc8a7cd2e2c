"""How jobs answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Row

from modelyard import errors
from modelyard.jobs import endings, presence, repository
from modelyard.jobs.commands import (
    CancelJob,
    ListJobs,
    ListWorkers,
    ReadJobLog,
    RetryJob,
    ShowJob,
    SubmitJob,
)
from modelyard.jobs.repository import Submission
from modelyard.jobs.types import Job, LogLine, WorkerSeen
from modelyard.kernel.bus import handles
from modelyard.kernel.context import Context


@handles(SubmitJob)
def submit_job(command: SubmitJob, context: Context) -> Job:
    """Check the command as if it were run now, and queue it."""
    if command.command.startswith("jobs."):
        raise errors.Invalid(f"{command.command} is about jobs and cannot be one; run it in place")
    inner = context.commands.fill(command.command, command.given)
    context.authorize(inner)
    context.caller.check(inner)
    submission = Submission(
        name=command.command,
        command=inner,
        identity=context.identity,
        folder=str(Path.cwd()) if context.identity.is_local else "",
        retries=command.retries,
        delay=command.delay,
    )
    with context.begin() as db:
        return _job(repository.find(db, repository.add(db, submission)), context)


@handles(ListJobs)
def list_jobs(command: ListJobs, context: Context) -> list[Job]:
    """List those that the caller may see."""
    seen = _seen(context)
    with context.read() as db:
        wanted = command.model_dump(include={"project", "state", "command"})
        return repository.every(db, command, context.commands, seen=seen, wanted=wanted)


@handles(ShowJob)
def show_job(command: ShowJob, context: Context) -> Job:
    """Look the job up."""
    return _job(_find(command.id, context), context)


@handles(ReadJobLog)
def read_job_log(command: ReadJobLog, context: Context) -> list[LogLine]:
    """Read its lines."""
    _find(command.id, context)
    with context.read() as db:
        return repository.log(db, command.id, command.after, command.limit)


@handles(ListWorkers)
def list_workers(_command: ListWorkers, context: Context) -> list[WorkerSeen]:
    """List them all, with those of their jobs that the caller may see."""
    seen = _seen(context)
    with context.read() as db:
        return presence.every(db, seen)


@handles(CancelJob)
def cancel_job(command: CancelJob, context: Context) -> Job:
    """End it while it waits; tell its worker while it runs."""
    _require_change(_find(command.id, context), context)
    with context.begin() as db:
        cancelled = endings.cancel(db, command.id, context)
        row = repository.find(db, command.id)
        if not cancelled:
            raise errors.Conflict(f"job {row.id} has ended already: it {_was(row.state)}")
        return _job(row, context)


@handles(RetryJob)
def retry_job(command: RetryJob, context: Context) -> Job:
    """Queue it again under its id."""
    _require_change(_find(command.id, context), context)
    with context.begin() as db:
        row = repository.find(db, command.id, lock=True)
        if row.state not in {"failed", "cancelled"}:
            raise errors.Conflict(
                f"job {row.id} {_was(row.state)}; only failed and cancelled jobs are run again"
            )
        if row.run is not None:
            raise errors.Conflict(
                f"job {row.id} was a step of a scenario; run the scenario again instead"
            )
        repository.queue_again(db, row.id)
        return _job(repository.find(db, row.id), context)


def _was(state: str) -> str:
    return state if state in {"succeeded", "failed"} else f"is {state}"


def _job(row: Row[Any], context: Context) -> Job:
    return repository.as_job(row, context.commands)


def _seen(context: Context) -> ColumnElement[bool] | None:
    """Which jobs the caller may see; None: all."""
    visible = context.visible_projects()
    return None if visible is None else repository.seen_by(context.identity.name, visible)


def _find(job_id: str, context: Context) -> Row[Any]:
    """The row of a job that the caller may see; NotFound if there is none."""
    visible = context.visible_projects()
    with context.read() as db:
        row = repository.find(db, job_id)
    if visible is None or row.project in visible:
        return row
    if row.project is None and row.actor == context.identity.name:
        return row
    raise repository.unknown(job_id)


def _require_change(row: Row[Any], context: Context) -> None:
    """Let whoever may run a job's command cancel it and run it again; nobody else."""
    try:
        command = repository.command_of(row, context.commands)
    except errors.ModelyardError:  # it makes no sense, so it is nobody's but its actor's
        if context.identity.is_local or row.actor == context.identity.name:
            return
        raise
    context.authorize(command)
