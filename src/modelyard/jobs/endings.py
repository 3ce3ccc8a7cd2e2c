"""What becomes of a job when an attempt at it ends."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, func, select, update

from modelyard.jobs import leases, repository
from modelyard.jobs.leases import Printed
from modelyard.jobs.scenarios import repository as scenarios
from modelyard.jobs.scenarios import runs
from modelyard.jobs.types import ENDED
from modelyard.kernel.context import Context
from modelyard.kernel.settings import JobSettings
from modelyard.store.clock import DatabaseNow
from modelyard.store.tables import job_lines, jobs

LONGEST_PAUSE = 600.0
FINAL = frozenset({"invalid", "unauthenticated", "forbidden", "unsupported"})
"""Errors that another attempt would only repeat."""


@dataclass(frozen=True)
class Succeeded:
    """The command gave back a result, as JSON."""

    result: str


@dataclass(frozen=True)
class Erred:
    """The command raised an error of ours."""

    error: dict[str, Any]


@dataclass(frozen=True)
class Died:
    """The process ended without a word; `why` completes a sentence that starts with it."""

    why: str


@dataclass(frozen=True)
class GivenBack:
    """The worker cannot go on with it; nobody else is to blame. `why` is a sentence."""

    why: str


Ending = Succeeded | Erred | Died | GivenBack


def in_words(ending: Ending) -> str:
    """An ending for people."""
    if isinstance(ending, Succeeded):
        return "succeeded"
    if isinstance(ending, Erred):
        return f"{ending.error['code']}: {ending.error['detail']}"
    return f"its process {ending.why}" if isinstance(ending, Died) else ending.why


def settle(
    db: Connection, job_id: str, lease: int, ending: Ending, context: Context, printed: Printed
) -> str | None:
    """Write down how an attempt ended, and tell it in words.

    None: the lease is somebody else's, nothing was written.
    """
    row = leases.held(db, job_id, lease)
    if row is None:
        return None
    told = in_words(ending)
    rules = context.settings.jobs
    leases.add_lines(db, job_id, printed, rules.log_lines)
    lines = max(row.lines, printed.last)
    if isinstance(ending, Succeeded):
        _end(db, row, "succeeded", lines, context, result=ending.result, error=None, fraction=1.0)
    elif row.cancelled_by is not None:
        told = f"cancelled by {row.cancelled_by}"
        _end(db, row, "cancelled", lines, context, message=told)
    elif isinstance(ending, GivenBack):
        _again(db, row, lines, ending.why, rules)
    elif isinstance(ending, Died):
        _lost(db, row, lines, told, context)
    else:
        _erred(db, row, lines, ending.error, context)
    return told


def cancel(db: Connection, job_id: str, context: Context) -> bool:
    """End a job that waits, tell the worker of one that runs; False: it has ended or is gone."""
    row = repository.look_up(db, job_id, lock=True)
    if row is None or row.state in ENDED:
        return False
    actor = context.identity.name
    if row.state == "queued":
        _end(db, row, "cancelled", row.lines, context, message=f"cancelled by {actor}")
    else:
        repository.ask_to_cancel(db, row.id, actor)
    return True


def take_over(db: Connection, job_id: str, lease: int, until: float, context: Context) -> bool:
    """Queue a job again whose worker is silent; False: it was heard, or somebody was faster."""
    row = leases.held(db, job_id, lease)
    if row is None or row.lease_until != until:
        return False
    if row.cancelled_by is not None:
        _end(db, row, "cancelled", row.lines, context, message=f"cancelled by {row.cancelled_by}")
    else:
        why = f"its worker {row.worker} gave no sign of life"
        _lost(db, row, row.lines, why, context)
    return True


def condemn(db: Connection, job_id: str, lease: int, why: str, context: Context) -> bool:
    """End a job whose row nobody can make sense of, and bring the row in order."""
    error = json.dumps({"code": "failed", "detail": why, "context": {}})
    sane: dict[str, Any] = dict.fromkeys(("attempt", "failures", "losses", "retries"), 0)
    sane["lines"] = (
        select(func.coalesce(func.max(job_lines.c.line), 0))
        .where(job_lines.c.job == job_id)
        .scalar_subquery()
    )
    ended = {"state": "failed", "ended": DatabaseNow(), "message": why, "error": error}
    changed = (
        update(jobs)
        .where(leases.is_mine(job_id, lease))
        .values({**ended, **sane})
        .returning(jobs.c.run, jobs.c.step, jobs.c.started)
    )
    row = db.execute(changed).one_or_none()
    if row is None:
        return False
    repository.ring(db)
    if row.run is not None:
        try:
            runs.step_ended(db, row, "failed", error, context.commands)
        except (TypeError, ValueError):  # the run's row is damaged as well
            scenarios.abandon_run(db, row.run)
    return True


def forget_old(db: Connection, days: float) -> int:
    """Remove runs and a batch of jobs that ended long ago, with their logs; gives how many."""
    scenarios.forget_old(db, days)
    old = jobs.c.ended < DatabaseNow() - days * 86400
    ids = db.scalars(repository.ids_where(old, 500)).all()
    if ids:
        db.execute(delete(jobs).where(jobs.c.id.in_(ids)))
    return len(ids)


def _lost(db: Connection, row: Row[Any], lines: int, why: str, context: Context) -> None:
    rules = context.settings.jobs
    losses = row.losses + 1
    if losses >= rules.attempts:
        detail = f"{why}; that was so {losses} times, which is as often as it is tried"
        error = {"code": "failed", "detail": detail, "context": {"losses": losses}}
        _end(db, row, "failed", lines, context, losses=losses, error=json.dumps(error))
    else:
        _again(db, row, lines, why, rules, pauses=losses, losses=losses)


def _erred(
    db: Connection, row: Row[Any], lines: int, error: dict[str, Any], context: Context
) -> None:
    rules = context.settings.jobs
    text = json.dumps(error, default=str)
    if error["code"] == "unavailable" and row.losses + 1 < rules.attempts:
        losses = row.losses + 1
        _again(db, row, lines, error["detail"], rules, pauses=losses, losses=losses, error=text)
    elif row.failures < row.retries and error["code"] not in FINAL:
        failures = row.failures + 1
        why = f"attempt {row.attempt} failed: {error['detail']}"
        _again(db, row, lines, why, rules, pauses=failures, failures=failures, error=text)
    else:
        _end(db, row, "failed", lines, context, failures=row.failures + 1, error=text)


def _again(
    db: Connection,
    row: Row[Any],
    lines: int,
    why: str,
    rules: JobSettings,
    *,
    pauses: int = 0,
    **changes: Any,
) -> None:
    pause = min(LONGEST_PAUSE, rules.backoff * 2 ** (pauses - 1)) if pauses else 0.0
    message = f"{why}; it is begun again in {pause:g} s" if pause else f"{why}; it is begun again"
    lines = _note(db, row.id, lines, message, rules)
    waiting = {
        "state": "queued",
        "ready": DatabaseNow() + pause,
        "worker": None,
        "lease_until": None,
        "message": message,
        "lines": lines,
    }
    db.execute(update(jobs).where(jobs.c.id == row.id).values({**waiting, **changes}))
    repository.ring(db)


def _end(
    db: Connection, row: Row[Any], state: str, lines: int, context: Context, **changes: Any
) -> None:
    rules = context.settings.jobs
    if state != "succeeded":
        if "error" in changes:
            changes["message"] = json.loads(changes["error"])["detail"]
        lines = _note(db, row.id, lines, f"{state}: {changes['message']}", rules)
    ended = {"state": state, "ended": DatabaseNow(), "lease_until": None, "lines": lines}
    db.execute(update(jobs).where(jobs.c.id == row.id).values({**ended, **changes}))
    repository.ring(db)
    if row.run is not None:
        outcome = {name: changes.get(name) for name in ("error", "result")}
        runs.step_ended(db, row, state, catalog=context.commands, **outcome)


def _note(db: Connection, job_id: str, lines: int, text: str, rules: JobSettings) -> int:
    leases.add_lines(db, job_id, Printed(lines + 1, (text,)), rules.log_lines)
    return lines + 1
