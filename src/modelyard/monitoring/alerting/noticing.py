"""Noticing that statuses changed, and writing down who is to be told, all in one transaction."""

from __future__ import annotations

from sqlalchemy import Connection, Row

from modelyard.jobs.repository import moment, new_id
from modelyard.kernel.context import Context
from modelyard.monitoring.alerting import outbox
from modelyard.monitoring.alerting import repository as alerts
from modelyard.monitoring.alerting.types import Alert, Change
from modelyard.monitoring.watching import repository
from modelyard.monitoring.watching.judging import judged
from modelyard.monitoring.watching.repository import Key, key_of
from modelyard.monitoring.watching.types import STATUSES, Status, ThingStatus
from modelyard.store.clock import database_now
from modelyard.store.database import exclusively


def notice(context: Context, now: float | None = None) -> int:
    """Look how everything is; gives how many statuses are others than were seen last.

    Most looks find nothing new, and so write nothing and wait for nobody.

    Args:
        context: of the workspace, as somebody sees it who may see all of it.
        now: seconds since 1970; the database's clock if it is not given.
    """
    with context.read() as db:
        things = judged(context, db)
        if not _new(things, repository.seen(db)) and not _gone(things, repository.seen(db)):
            return 0
    with context.begin() as db:
        exclusively(db)
        return _write(context, db, database_now(db) if now is None else now)


def _write(context: Context, db: Connection, now: float) -> int:
    things, seen = judged(context, db), repository.seen(db)
    new = _new(things, seen)
    told: dict[str, list[Alert]] = {}
    everywhere = alerts.at_work_elsewhere(db) if new else []
    for thing in new:
        number = new_id(now)
        row = seen.get(key_of(thing))
        repository.keep(db, thing, number, now)
        before: Status = "none" if row is None else row.status
        if before == thing.status:
            continue
        change = Change(
            project=thing.project,
            infrastructure=thing.infrastructure,
            kind=thing.kind,
            name=thing.name,
            before=before,
            after=thing.status,
            why=thing.why,
            at=moment(now),
        )
        if thing.project not in told:
            mine = alerts.at_work(db, thing.project)
            others = [each for each in everywhere if each.project != thing.project]
            told[thing.project] = [*mine, *others]
        for alert in told[thing.project]:
            if outbox.is_told(alert, change):
                outbox.put(db, alert, change, number, now)
    repository.forget(db, _gone(things, seen))
    return len(new)


def _new(things: list[ThingStatus], seen: dict[Key, Row[tuple[object, ...]]]) -> list[ThingStatus]:
    """Those that are other than they were seen, the worst first."""
    found = [
        thing
        for thing in things
        if (row := seen.get(key_of(thing))) is None or row.status != thing.status
    ]
    return sorted(found, key=lambda each: -STATUSES.index(each.status))


def _gone(things: list[ThingStatus], seen: dict[Key, Row[tuple[object, ...]]]) -> set[Key]:
    return seen.keys() - set(map(key_of, things))
