"""Who is to be told: those who are asked, those who subscribed, and only who may see the item."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection, select

from modelyard import errors
from modelyard.governance.items.seeing import visible
from modelyard.governance.items.types import ItemSummary
from modelyard.governance.notifying.subscriptions import Levels, levels
from modelyard.governance.notifying.types import Told
from modelyard.governance.roles.access import access_of
from modelyard.governance.signoffs.rights import Actor
from modelyard.governance.signoffs.tasks import tasks_in
from modelyard.governance.signoffs.types import Round, Task
from modelyard.kernel.context import Context
from modelyard.kernel.identity import Identity
from modelyard.store.tables import governed_items, notified_users, users

SUMMARY = tuple(ItemSummary.model_fields)


@dataclass(frozen=True)
class Person:
    """A user who is active, and how they are told."""

    name: str
    email: str = ""
    mail: bool = True
    webhook: str = ""
    secret: str = field(default="", repr=False)
    digest: float | None = None
    own: bool = False


def people(db: Connection, user: str | None = None) -> dict[str, Person]:
    """Users who are active, by name: all, or one."""
    one = (users.c.name == user,) if user else ()
    of = notified_users.c
    columns = (of.mail, of.webhook, of.secret, of.digest, of.own)
    query = select(users.c.name, users.c.email, *columns).where(users.c.active, *one)
    query = query.join_from(users, notified_users, of.user == users.c.name, isouter=True)
    return {
        row.name: Person(
            row.name,
            row.email,
            row.mail is not False,
            row.webhook or "",
            row.secret or "",
            row.digest,
            bool(row.own),
        )
        for row in db.execute(query)
    }


def summaries(db: Connection, items: Iterable[str]) -> dict[str, ItemSummary]:
    """Items by their ids, as far as they are there."""
    columns = [governed_items.c[name] for name in SUMMARY]
    query = select(*columns).where(governed_items.c.id.in_(list(items)))
    return {
        row.id: ItemSummary(**{name: getattr(row, name) for name in SUMMARY})
        for row in db.execute(query)
    }


@dataclass(frozen=True)
class Room:
    """Who there is, and what waits for whom, as of a moment."""

    people: Mapping[str, Person]
    levels: Mapping[str, Levels]
    waiting: Mapping[tuple[str, str], Mapping[str, Sequence[Task]]]
    """By item and step, what the sign-offs that wait ask of users, by their names."""

    def tasks(self, item: str, step: str) -> Mapping[str, Sequence[Task]]:
        """What a sign-off asks of users, by their names."""
        return self.waiting.get((item, step), {})

    def receivers(self, told: Told, followers: Collection[str] = ()) -> set[str]:
        """Who would be told of something, if they may see it.

        Args:
            told: what happened.
            followers: who since shortly has to do with the item, which is not written down yet.
        """
        named: set[str] = set()
        if told.kind == "asked":
            named = set(self.tasks(told.item, told.step))
        elif told.kind == "delegated":
            named = {told.user}
        known = self.levels.get(told.item, Levels())
        everybody = {
            user
            for user in {*known.users, *followers}
            if known.of(user, follows=user in followers) == "all"
        }
        wanted = {user for user in named if known.of(user) != "none"} | everybody
        return {
            user
            for user in wanted & self.people.keys()
            if user != told.actor or self.people[user].own
        }


def room(
    context: Context,
    db: Connection,
    items: Mapping[str, ItemSummary],
    rounds: Mapping[tuple[str, str], Round],
) -> Room:
    """Who there is for some items, and whom some sign-offs ask that wait."""
    there = people(db)
    return Room(there, levels(db, items.values()), _waiting(context, db, there, rounds))


def _waiting(
    context: Context,
    db: Connection,
    there: Iterable[str],
    rounds: Mapping[tuple[str, str], Round],
) -> dict[tuple[str, str], dict[str, list[Task]]]:
    found: dict[tuple[str, str], dict[str, list[Task]]] = {where: {} for where in rounds}
    if not rounds:
        return found
    items = {item for item, _ in rounds}
    for user in there:
        holders = access_of(as_user(context, user), db).on(db, items)
        for (item, step), signoff in rounds.items():
            if tasks := tasks_in(Actor(holders[item]), item, step, signoff):
                found[item, step][user] = tasks
    return found


def as_user(context: Context, user: str) -> Context:
    """The same as a user would ask."""
    return replace(context, identity=Identity(user, "user"))


def seen_by(context: Context, user: str, items: Iterable[str]) -> set[str]:
    """Which of some items a user may see at this moment."""
    of = governed_items.c
    try:
        seen = visible(as_user(context, user))
    except errors.Unauthenticated:  # gone, or not active any more
        return set()
    with context.read() as db:
        return set(db.scalars(select(of.id).where(of.id.in_(list(items)), seen)))
