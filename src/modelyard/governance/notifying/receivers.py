"""Who is to be told: those who are asked, those who subscribed, and only who may see the item."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection, select

from modelyard import errors
from modelyard.governance.items.seeing import visible
from modelyard.governance.items.types import ItemSummary
from modelyard.governance.notifying.subscriptions import Levels, levels
from modelyard.governance.notifying.types import Told
from modelyard.governance.signoffs import repository as signoffs
from modelyard.governance.signoffs.rights import Actor
from modelyard.governance.signoffs.tasks import tasks_in
from modelyard.governance.signoffs.types import Round, Task
from modelyard.kernel.context import Context
from modelyard.kernel.identity import Identity
from modelyard.store.tables import governed_items, group_users, notified_users, users

SUMMARY = tuple(ItemSummary.model_fields)


@dataclass(frozen=True)
class Person:
    """A user who is active, and how they are told."""

    name: str
    groups: frozenset[str] = frozenset()
    email: str = ""
    mail: bool = True
    webhook: str = ""
    secret: str = field(default="", repr=False)
    digest: float | None = None
    own: bool = False


def people(db: Connection, user: str | None = None) -> dict[str, Person]:
    """Users who are active, by name: all, or one."""
    groups: dict[str, set[str]] = {}
    one = (users.c.name == user,) if user else ()
    members = select(group_users.c.user, group_users.c.group)
    if user:
        members = members.where(group_users.c.user == user)
    for row in db.execute(members):
        groups.setdefault(row.user, set()).add(row.group)
    of = notified_users.c
    columns = (of.mail, of.webhook, of.secret, of.digest, of.own)
    query = select(users.c.name, users.c.email, *columns).where(users.c.active, *one)
    query = query.join_from(users, notified_users, of.user == users.c.name, isouter=True)
    return {
        row.name: Person(
            row.name,
            frozenset(groups.get(row.name, ())),
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
    rounds: Mapping[tuple[str, str], Round]
    """Sign-offs that wait, by item and step."""

    def tasks(self, item: str, step: str) -> dict[str, list[Task]]:
        """What a sign-off asks of users, by their names."""
        signoff = self.rounds.get((item, step))
        if signoff is None:
            return {}
        found = {}
        for person in self.people.values():
            actor = Actor(person.name, person.groups, granted=False, projects=frozenset())
            if tasks := tasks_in(actor, item, step, signoff):
                found[person.name] = tasks
        return found

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


def room(db: Connection, items: Mapping[str, ItemSummary]) -> Room:
    """Who there is for some items."""
    of = governed_items.c
    rounds = signoffs.waiting(db, of.id.in_(list(items)))
    return Room(people(db), levels(db, items.values()), rounds)


def seen_by(context: Context, user: str, items: Iterable[str]) -> set[str]:
    """Which of some items a user may see at this moment."""
    of = governed_items.c
    try:
        seen = visible(replace(context, identity=Identity(user, "user")))
    except errors.Unauthenticated:  # gone, or not active any more
        return set()
    with context.read() as db:
        return set(db.scalars(select(of.id).where(of.id.in_(list(items)), seen)))
