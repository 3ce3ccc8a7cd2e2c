"""Rows of jobs: put in, looked up, listed."""

from __future__ import annotations

import hashlib
import itertools
import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ValidationError
from sqlalchemy import ColumnElement, Connection, Row, Select, func, insert, or_, select, update

from modelyard import errors
from modelyard.jobs.types import Job, JobError, LogLine
from modelyard.kernel.catalog import Catalog
from modelyard.kernel.command import Command
from modelyard.kernel.identity import Identity
from modelyard.kernel.paging import Page, Paged
from modelyard.kernel.secrets import hidden, is_secret, secret_fields, tells_password
from modelyard.store.clock import DatabaseNow, database_now
from modelyard.store.paging import page
from modelyard.store.tables import job_lines, jobs

BELL = "modelyard_jobs"
"""The channel on which PostgreSQL tells workers that something changed."""
LARGEST = 1 << 20
_COUNT = itertools.count()


@dataclass(frozen=True)
class Submission:
    """A job to be: a command with whoever asks for it, and from which folder."""

    name: str
    command: Command[Any]
    identity: Identity
    folder: str
    retries: int = 0
    delay: float = 0
    run: str | None = None
    step: int | None = None


def add(db: Connection, submission: Submission) -> str:
    """Queue a job and give back its id; it is there once the caller's transaction is."""
    command = submission.command
    require_deferrable(submission.name, command)
    arguments = command.model_dump_json(exclude_unset=True)
    if len(arguments) > LARGEST:
        raise errors.Invalid(
            f"the arguments of {submission.name} are {len(arguments):,} letters long, more than "
            f"{LARGEST:,}; put data into a file and name it"
        )
    now = database_now(db)
    key = command.exclusive_key()
    row = {
        "id": new_id(now),
        "project": command.in_project(),
        "command": submission.name,
        "arguments": arguments,
        "queue": command.queue,
        "exclusive": None if key is None else hashlib.sha256(key.encode()).hexdigest(),
        "actor": submission.identity.name,
        "identity": json.dumps(asdict(submission.identity)),
        "folder": submission.folder,
        "state": "queued",
        "submitted": now,
        "ready": now + submission.delay,
        "retries": submission.retries,
        "run": submission.run,
        "step": submission.step,
        "message": "",
        **dict.fromkeys(("attempt", "failures", "losses", "lease", "lines"), 0),
    }
    db.execute(insert(jobs).values(row))
    ring(db)
    return str(row["id"])


def require_deferrable(name: str, command: Command[Any]) -> None:
    """Refuse what cannot be a job, or would leave a secret to whoever reads the database."""
    kind = type(command)
    if kind.in_place:
        raise errors.Invalid(f"{name} cannot be a job or a step of a scenario; run it in place")
    for field in command.model_fields_set:
        if is_secret(kind, field):
            raise errors.Invalid(
                f"{field} of {name} is secret and must not wait in a queue; run it in place"
            )
        if field in secret_fields(kind) and tells_password(getattr(command, field)):
            raise errors.Invalid(
                f"{field} of {name} holds a password, which must not wait in a queue; write "
                "${NAME} for it, or run it in place"
            )
    result = kind.result_type()
    if isinstance(result, type) and issubclass(result, BaseModel) and secret_fields(result):
        raise errors.Invalid(
            f"the result of {name} holds a secret, which a job would keep; run it in place"
        )


def ring(db: Connection) -> None:
    """Wake the workers when this transaction commits (on SQLite they see the file change)."""
    if db.dialect.name == "postgresql":
        db.execute(select(func.pg_notify(BELL, "")))


def new_id(now: float) -> str:
    """An id that sorts by its moment, and within a process by its order."""
    moment = datetime.fromtimestamp(now, UTC)
    count = next(_COUNT) & 0xFFFF
    millis = moment.microsecond // 1000
    return f"{moment:%Y%m%d-%H%M%S}-{millis:03}{count:04x}{secrets.token_hex(3)}"


def find(db: Connection, job_id: str, *, lock: bool = False) -> Row[Any]:
    """The row of a job; NotFound if there is none."""
    row = look_up(db, job_id, lock=lock)
    if row is None:
        raise unknown(job_id)
    return row


def look_up(db: Connection, job_id: str, *, lock: bool = False) -> Row[Any] | None:
    """The row of a job, if there is one."""
    query = select(jobs).where(jobs.c.id == job_id)
    return db.execute(query.with_for_update() if lock else query).one_or_none()


def unknown(job_id: str) -> errors.NotFound:
    """There is no such job, or none that the caller may see."""
    return errors.NotFound(
        f"there is no job {job_id!r}; it may have ended long ago: jobs list shows those there are",
        name=job_id,
    )


def every(
    db: Connection,
    asked: Paged,
    catalog: Catalog,
    *,
    seen: ColumnElement[bool] | None,
    wanted: Mapping[str, str | None],
) -> Page[Job]:
    """Jobs, the newest first: of those that may be `seen`, those whose columns are as wanted."""
    query = select(jobs) if seen is None else select(jobs).where(seen)
    for name, value in wanted.items():
        query = query if value is None else query.where(jobs.c[name] == value)
    return page(db, query, [jobs.c.id], asked, lambda row: as_job(row, catalog), descending=True)


def seen_by(actor: str, projects: Iterable[str]) -> ColumnElement[bool]:
    """Jobs of these projects, and those without a project that the actor submitted."""
    own = jobs.c.project.is_(None) & (jobs.c.actor == actor)
    return or_(jobs.c.project.in_(projects), own)


def ids_where(condition: ColumnElement[bool], limit: int) -> Select[tuple[str]]:
    """The ids of some jobs."""
    return select(jobs.c.id).where(condition).limit(limit)


def log(db: Connection, job_id: str, after: int, limit: int) -> list[LogLine]:
    """The lines of a job's log after one."""
    query = (
        select(job_lines)
        .where(job_lines.c.job == job_id, job_lines.c.line > after)
        .order_by(job_lines.c.line)
        .limit(limit)
    )
    return [LogLine(line=row.line, at=moment(row.at), text=row.text) for row in db.execute(query)]


def ask_to_cancel(db: Connection, job_id: str, actor: str) -> None:
    """Note that a running job is to be cancelled; its worker kills it."""
    changed = update(jobs).where(jobs.c.id == job_id, jobs.c.state == "running")
    db.execute(changed.values(cancelled_by=actor))
    ring(db)


def queue_again(db: Connection, job_id: str) -> None:
    """Give a job that ended a fresh start."""
    fresh = {
        "state": "queued",
        "ready": DatabaseNow(),
        "failures": 0,
        "losses": 0,
        "message": "",
        **dict.fromkeys(("started", "ended", "worker", "lease_until", "cancelled_by"), None),
        **dict.fromkeys(("fraction", "rows", "result", "error"), None),
    }
    db.execute(update(jobs).where(jobs.c.id == job_id).values(fresh))
    ring(db)


def command_of(row: Row[Any], catalog: Catalog) -> Command[Any]:
    """The command that a row holds.

    Raises:
        NotFound: there is no such command.
        Invalid: the row's arguments are no JSON object, or do not fit.
    """
    try:
        arguments = json.loads(row.arguments)
    except (TypeError, ValueError) as exc:
        raise errors.Invalid(f"the arguments of job {row.id} are no JSON: {exc}") from exc
    if not isinstance(arguments, dict):
        raise errors.Invalid(f"the arguments of job {row.id} are no JSON object")
    return catalog.fill(row.command, arguments)


def identity_of(text: str) -> Identity:
    """Whoever an identity's JSON names; Invalid if it is malformed."""
    try:
        fields = json.loads(text)
        kind = fields["kind"]
        identity = Identity(
            fields["name"],
            kind,
            fields.get("address", ""),
            fields.get("key"),
            fields.get("appointed", False),
        )
    except (TypeError, ValueError, KeyError, AttributeError) as exc:
        raise errors.Invalid(f"the identity that it would run as is malformed: {exc!r}") from exc
    if kind not in {"local", "user", "key"} or not isinstance(identity.name, str):
        raise errors.Invalid(f"the identity that it would run as is malformed: {text[:200]}")
    return identity


def as_job(row: Row[Any], catalog: Catalog) -> Job:
    """A row as people see it; what cannot be read in it is left out."""
    return Job(
        id=row.id,
        project=row.project,
        command=row.command,
        arguments=told_arguments(row, catalog),
        state=row.state,
        queue=row.queue,
        actor=row.actor,
        submitted=moment(row.submitted),
        started=None if row.started is None else moment(row.started),
        ended=None if row.ended is None else moment(row.ended),
        attempt=_count(row.attempt),
        retries=_count(row.retries),
        fraction=row.fraction,
        message=row.message,
        rows=row.rows,
        lines=_count(row.lines),
        result=_json(row.result),
        error=_error(row.error),
        worker=row.worker,
        cancelled_by=row.cancelled_by,
        scenario_run=row.run,
    )


def moment(seconds: float) -> datetime:
    """A moment of the database's clock."""
    return datetime.fromtimestamp(seconds, UTC)


def told_arguments(row: Row[Any], catalog: Catalog) -> dict[str, Any]:
    """The arguments in a row as they may be told: without secrets."""
    arguments = _json(row.arguments)
    if not isinstance(arguments, dict):
        return {}
    known = catalog.get(row.command)
    marks = {} if known is None else secret_fields(known)
    return {name: hidden(value, marks.get(name)) for name, value in arguments.items()}


def _count(value: object) -> int:
    return value if isinstance(value, int) else 0  # SQLite keeps whatever it is given


def _json(text: str | None) -> Any:
    try:
        return None if text is None else json.loads(text)
    except ValueError:
        return None


def _error(text: str | None) -> JobError | None:
    try:
        return None if text is None else JobError.model_validate_json(text)
    except ValidationError:
        return None
