"""The newest lines of a query log that fit what is asked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from modelyard.serving.querylog.lines import Line
from modelyard.serving.querylog.reading import lines_backwards
from modelyard.serving.watching.commands import ListQueries
from modelyard.serving.watching.types import LoggedCaller, LoggedQueries, LoggedQuery, Outcome

FURTHEST = 64 << 20
"""Bytes of lines that are looked at for one question."""
DISORDER = timedelta(minutes=1)
"""By how much a line may be older than one that was written before it."""
BUSY = 503


def newest_in(folder: Path, wanted: ListQueries) -> LoggedQueries:
    """Look from the end of a log until there are enough, or none can come any more."""
    since, until = _moment(wanted.since), _moment(wanted.until)
    found: list[LoggedQuery] = []
    looked_at = 0
    for line, size in lines_backwards(folder):
        looked_at += size
        if looked_at > FURTHEST or (len(found) == wanted.limit and _fits(line, wanted)):
            return LoggedQueries(queries=tuple(found), complete=False)
        if since and line.time < since - DISORDER:
            break
        if (since and line.time < since) or (until and line.time > until):
            continue
        if _fits(line, wanted):
            found.append(_told(line))
    return LoggedQueries(queries=tuple(found), complete=True)


def _fits(line: Line, wanted: ListQueries) -> bool:
    return (
        wanted.generation in (None, line.generation)
        and wanted.request_id in (None, line.request_id)
        and wanted.outcome in (None, outcome_of(line))
    )


def outcome_of(line: Line) -> Outcome:
    """What came of a row."""
    status = line.status or 200
    if status >= 500 and status != BUSY:
        return "failed"
    if status >= 400 or line.problem:
        return "refused"
    return "ignored" if line.ignored else "answered"


def _told(line: Line) -> LoggedQuery:
    caller, timings = line.caller, line.timings
    return LoggedQuery(
        time=line.time,
        generation=line.generation,
        outcome=outcome_of(line),
        status=line.status,
        ms=timings.total / 1000 if timings else 0,
        request_id=line.request_id,
        row=line.row,
        shadow=line.shadow,
        problem=line.problem,
        reason=line.reason,
        ignored=line.ignored,
        caller=LoggedCaller(**msgspec.structs.asdict(caller)) if caller else LoggedCaller(),
        timings=msgspec.structs.asdict(timings) if timings else {},
        features=line.features,
        enriched=line.enriched,
        result=line.result,
        context=line.context,
        params=line.params,
    )


def _moment(given: datetime | None) -> datetime | None:
    """A moment without a zone is one in UTC, as the log's own are."""
    return given.replace(tzinfo=UTC) if given and given.tzinfo is None else given
