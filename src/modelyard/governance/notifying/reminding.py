"""Reminding of what waits long, and telling of approvals that end soon."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlalchemy import Connection, select, true

from modelyard.governance.notifying import repository
from modelyard.governance.notifying.noticing import Notice, only_seen, tell
from modelyard.governance.notifying.receivers import Room, room, summaries
from modelyard.governance.notifying.subscriptions import levels
from modelyard.governance.notifying.types import Told
from modelyard.governance.signoffs import repository as signoffs
from modelyard.governance.signoffs.types import Round
from modelyard.jobs.repository import moment
from modelyard.kernel.context import Context
from modelyard.store.clock import database_now
from modelyard.store.database import exclusively
from modelyard.store.tables import governed_items
from modelyard.store.tables import signoffs as signoff_rows

EVERY = 3600
"""Seconds between two looks at what waits."""
REMINDERS = "reminders"
DAY = 86_400


def remind(context: Context, now: float | None = None) -> int:
    """Look, unless somebody just did, at what waits; gives of how much people are to be told."""
    with context.read() as db:
        at = database_now(db) if now is None else now
        before = repository.mark(db, REMINDERS)
        if at < before + EVERY:
            return 0
        waits = signoffs.waiting(db, true())
        there = room(context, db, summaries(db, {item for item, _ in waits}), waits)
        wanted = [*_waiting(context, db, there, waits, at), *_ending(context, db, there, at)]
    notices = only_seen(context, wanted)
    with context.begin() as db:
        exclusively(db, repository.NOTICES)
        if repository.mark(db, REMINDERS) != before:
            return 0  # somebody else was quicker
        tell(context, db, notices, there.people, at)
        repository.put_mark(db, REMINDERS, int(at))
    return len(notices)


def _waiting(
    context: Context,
    db: Connection,
    there: Room,
    rounds: Mapping[tuple[str, str], Round],
    now: float,
) -> Iterator[Notice]:
    """For each who is asked and was not told of it for as many days as the settings say."""
    days = context.settings.notifications.remind_days
    told = repository.last_asked(db)
    for (item, step), signoff in rounds.items():
        for user, tasks in there.tasks(item, step).items():
            since = tasks[0].since.timestamp()
            last = max(since, told.get((user, item, step), since))
            if now < last + days * DAY or there.levels[item].of(user) == "none":
                continue
            reminder = Told(
                item=item,
                kind="reminder",
                step=step,
                asked=tasks[0].asked,
                due=tasks[0].since,
                at=moment(now),
            )
            yield Notice(reminder, f"reminder:{step}:{signoff.number}:{int(now)}", [user])


def _ending(context: Context, db: Connection, there: Room, now: float) -> Iterator[Notice]:
    """For each approval that ends within as many days as the settings say, once."""
    of, item = signoff_rows.c, governed_items.c
    days = context.settings.notifications.reset_days
    soon = (of.due > moment(now), of.due <= moment(now + days * DAY))
    query = select(of.item, of.step, of.number, of.due).join(governed_items, item.id == of.item)
    query = query.where(of.current, of.status == "APPROVED", *soon)
    query = query.where(item.state == "governed", item.gone.is_(None))
    rows = list(db.execute(query.order_by(of.item, of.step)))
    found = levels(db, summaries(db, {row.item for row in rows}).values())
    for row in rows:
        change = f"soon:{row.step}:{row.number}"
        if not repository.are_told(db, row.item, change):
            told = Told(
                item=row.item, kind="reset_soon", step=row.step, due=row.due, at=moment(now)
            )
            known = found[row.item]
            users = {user for user in known.users if known.of(user) == "all"}
            yield Notice(told, change, users & there.people.keys())
