"""Reading in the timeline what people are to be told, and writing it down, each once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from modelyard.governance.items import timeline
from modelyard.governance.items.types import Event
from modelyard.governance.notifying import outbox, repository, subscriptions
from modelyard.governance.notifying.reading import BESIDE, Happened, actors, happened
from modelyard.governance.notifying.receivers import Person, Room, room, seen_by, summaries
from modelyard.governance.notifying.types import Channel, Told
from modelyard.governance.signoffs import repository as signoffs
from modelyard.kernel.context import Context
from modelyard.store.clock import database_now
from modelyard.store.database import exclusively
from modelyard.store.tables import governed_items

AT_ONCE = 500
"""Events that one transaction is about."""
EVENTS = "events"
Ways = tuple[Channel, ...]


@dataclass(frozen=True)
class Notice:
    """Something that is told, with the one change of the item that it is."""

    told: Told
    change: str
    receivers: Collection[str]
    """Names of users."""


@dataclass(frozen=True)
class Found:
    """What a part of the timeline says."""

    notices: Sequence[Notice]
    followers: Collection[tuple[str, str]]
    """Who from now on is told of which items."""
    there: Mapping[str, Person]


def notice(context: Context, now: float | None = None) -> int:
    """Go on in the timeline where it was left; gives of how many changes people are to be told.

    Most looks find nothing new, and so write nothing and wait for nobody. How far it came is
    written with what is to be told, so whoever is killed between two looks tells nothing twice.
    """
    count = 0
    while True:
        with context.read() as db:
            start = repository.mark(db, EVENTS)
            if timeline.last(db) <= start:
                return count
            near = timeline.after(db, start, AT_ONCE + BESIDE)
        if not near:  # somebody took the end of the timeline away, which `audit verify` finds
            return count
        events, beside = near[:AT_ONCE], near[AT_ONCE:]
        found = _read(context, events, beside)
        with context.begin() as db:
            exclusively(db, repository.NOTICES)
            if repository.mark(db, EVENTS) != start:
                continue  # somebody else was quicker
            for user, item in sorted(found.followers):
                subscriptions.follow(db, user, item)
            at = database_now(db) if now is None else now
            tell(context, db, found.notices, found.there, at)
            repository.put_mark(db, EVENTS, events[-1].number)
        count += len(found.notices)


def tell(
    context: Context,
    db: Connection,
    notices: Iterable[Notice],
    there: Mapping[str, Person],
    now: float,
) -> None:
    """Write down what is told to whom, and what is to be sent of it."""
    settings = context.settings
    all_told: Ways = ("webhook",) if settings.notifications.webhook else ()
    ways: dict[str | None, Ways] = {None: all_told}
    put: set[tuple[str | None, Channel]] = set()
    for each in notices:
        for user in (*sorted(each.receivers), *([None] if all_told else [])):
            made = repository.add(db, user, each.told, each.change, now)
            if made is None:
                continue
            if user is not None and user not in ways:
                ways[user] = _ways(there[user], mail=bool(settings.mail.host))
            for channel in ways[user]:
                outbox.put(db, made, user, channel, now)
                put.add((user, channel))
    for user, channel in put:
        chosen = None if user is None else there[user].digest
        minutes = settings.notifications.digest if chosen is None else chosen
        outbox.collect(db, user, channel, now, minutes * 60)


def only_seen(context: Context, notices: Sequence[Notice]) -> list[Notice]:
    """The same, without those who may not see what it is of."""
    items: dict[str, set[str]] = {}
    for each in notices:
        for user in each.receivers:
            items.setdefault(user, set()).add(each.told.item)
    seen = {user: seen_by(context, user, some) for user, some in items.items()}
    return [
        Notice(
            each.told,
            each.change,
            [user for user in each.receivers if each.told.item in seen[user]],
        )
        for each in notices
    ]


def _read(context: Context, events: Sequence[Event], beside: Sequence[Event]) -> Found:
    with context.read() as db:
        items = summaries(db, {each.item for each in events})
        found = happened(events, beside, {each.id: each.status for each in items.values()})
        asked = {each.told.item for each in found if each.told.kind == "asked"}
        waits = signoffs.waiting(db, governed_items.c.id.in_(asked)) if asked else {}
        there = room(context, db, items, waits)
    since = {who: at for who, at in actors(events).items() if who[0] in there.people}
    for each in found:
        for user in _asked(there, each.told):
            since.setdefault((user, each.told.item), each.number)
    notices = [
        Notice(
            each.told,
            f"event:{each.number}",
            there.receivers(each.told, _followers(since, each)),
        )
        for each in found
    ]
    return Found(only_seen(context, notices), since.keys(), there.people)


def _followers(since: Mapping[tuple[str, str], int], about: Happened) -> set[str]:
    """Who has to do with an item by something that was before, or is this."""
    item, number = about.told.item, about.number
    return {user for (user, of), at in since.items() if of == item and at <= number}


def _asked(there: Room, told: Told) -> Collection[str]:
    """Who is asked something, or had it delegated."""
    if told.kind == "asked":
        return there.tasks(told.item, told.step)
    return there.people.keys() & {told.user} if told.kind == "delegated" else ()


def _ways(person: Person, *, mail: bool) -> Ways:
    """By what somebody is told; `mail`: whether there is a mail server."""
    by_mail: Ways = ("mail",) if mail and person.mail and person.email else ()
    return (*by_mail, "webhook") if person.webhook else by_mail
