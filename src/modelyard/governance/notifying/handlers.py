"""How notifications and subscriptions answer."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from sqlalchemy import ColumnElement, Connection, select

from modelyard import errors
from modelyard.governance import people as checks
from modelyard.governance.items.seeing import READ, require_visible, visible
from modelyard.governance.notifying import outbox, receivers, repository, subscriptions
from modelyard.governance.notifying.commands import (
    ChangeNotifying,
    ListNotifications,
    ListSubscriptions,
    Mute,
    OfSubscription,
    OfUser,
    ReadNotifications,
    ShowNews,
    ShowNotifying,
    ShowSubscribed,
    Subscribe,
    Unsubscribe,
)
from modelyard.governance.notifying.types import (
    Level,
    MadeNotifying,
    News,
    Notification,
    Notifying,
    Scope,
    Subscribed,
    Subscription,
)
from modelyard.governance.own import whose
from modelyard.governance.templates import repository as templates
from modelyard.kernel.bus import handles
from modelyard.kernel.context import Context
from modelyard.kernel.secrets import SECRET_URL, hidden
from modelyard.sending.reach import addresses
from modelyard.sending.webhooks import new_secret
from modelyard.store.clock import database_now
from modelyard.store.database import upsert
from modelyard.store.tables import notified_users, users

LATEST = 8
"""Notifications that the header of the pages shows."""


@handles(Subscribe)
def subscribe(command: Subscribe, context: Context) -> Subscription:
    """Of what they may see."""
    return _chosen(context, command, "all")


@handles(Mute)
def mute(command: Mute, context: Context) -> Subscription:
    """Whatever they do with it."""
    return _chosen(context, command, "none")


@handles(Unsubscribe)
def unsubscribe(command: Unsubscribe, context: Context) -> None:
    """Forget it; of an item remember that they want no more, which what they do does not undo."""
    scope, name = _meant(command)
    if scope == "item":
        _chosen(context, command, "asked")
        return
    with context.begin() as db:
        if not subscriptions.drop(db, _user(context, db, command), scope, name):
            raise errors.NotFound(f"there is no subscription to the {scope} {name}")


@handles(ShowSubscribed)
def show_subscribed(command: ShowSubscribed, context: Context) -> Subscribed:
    """Of an item that they may see."""
    with context.read() as db:
        user = _user(context, db, command)
        require_visible(db, command.item, _seen(context, user))
        (found,) = receivers.summaries(db, [command.item]).values()
        level = subscriptions.levels(db, [found])[found.id].of(user)
    return Subscribed(user=user, item=command.item, level=level)


@handles(ListSubscriptions)
def list_subscriptions(command: ListSubscriptions, context: Context) -> list[Subscription]:
    """By what they are of."""
    with context.read() as db:
        user = _user(context, db, command)
        return subscriptions.of_user(db, user, command)


@handles(ListNotifications)
def list_notifications(command: ListNotifications, context: Context) -> list[Notification]:
    """Those of items that the user may still see."""
    with context.read() as db:
        user = _user(context, db, command)
        seen = _seen(context, user)
        return repository.of_user(db, user, seen, command, unread=command.unread)


@handles(ShowNews)
def show_news(command: ShowNews, context: Context) -> News:
    """Count and look up in one query."""
    with context.read() as db:
        return _news(context, db, _user(context, db, command))


@handles(ReadNotifications)
def read_notifications(command: ReadNotifications, context: Context) -> News:
    """Those that are one's own."""
    with context.begin() as db:
        user = _user(context, db, command)
        unknown = repository.unknown(db, user, command.ids)
        if unknown:
            raise errors.NotFound(f"{user} has no notification {unknown[0]!r}")
        repository.read(db, user, command.ids, database_now(db))
        return _news(context, db, user)


@handles(ShowNotifying)
def show_notifying(command: ShowNotifying, context: Context) -> Notifying:
    """Without secrets."""
    with context.read() as db:
        return _notifying(context, db, _user(context, db, command))


@handles(ChangeNotifying)
def change_notifying(command: ChangeNotifying, context: Context) -> MadeNotifying:
    """A new address of a webhook has a new secret."""
    if command.webhook and command.no_webhook:
        raise errors.Invalid("give a webhook, or say that there is none any more, not both")
    if command.webhook:
        with suppress(errors.Unavailable):  # nobody knows the host at the moment
            addresses(command.webhook, context.settings.alerts.webhooks, "alerts.webhooks")
    changes: dict[str, Any] = command.model_dump(
        include={"mail", "digest", "own"}, exclude_none=True
    )
    if command.no_webhook:
        changes |= {"webhook": "", "secret": ""}
    secret = new_secret() if command.webhook else None
    if secret is not None:
        changes |= {"webhook": command.webhook, "secret": secret}
    with context.begin() as db:
        user = _user(context, db, command)
        nothing = {"mail": True, "webhook": "", "secret": "", "digest": None, "own": False}
        row = {"user": user, **nothing, **changes}
        db.execute(upsert(db, notified_users, row, changes or {"user": user}))
        return MadeNotifying(**dict(_notifying(context, db, user)), secret=secret)


def _chosen(context: Context, command: OfSubscription[Any], level: Level) -> Subscription:
    scope, name = _meant(command)
    with context.read() as db:
        user = _user(context, db, command)
        seen = _seen(context, user)
        if scope == "item":
            require_visible(db, name, seen)
        elif scope == "project":
            _require_project(context, db, user, name)
        elif scope == "template":
            templates.versions_of(db, name)
    with context.begin() as db:
        return subscriptions.choose(db, user, scope, name, level)


def _meant(command: OfSubscription[Any]) -> tuple[Scope, str]:
    """What a command is about; Invalid if that is nothing, or several things."""
    scopes: tuple[Scope, ...] = ("item", "project", "template", "kind")
    given = [(scope, getattr(command, scope)) for scope in scopes if getattr(command, scope)]
    if len(given) != 1:
        raise errors.Invalid("name one: an item, --project, --template or --kind", field="item")
    return given[0]


def _user(context: Context, db: Connection, command: OfUser[Any]) -> str:
    """Whose it is; who works in the workspace's folder is no user, and has to say."""
    user = whose(context, db, command.user, every=False)
    if user is None:
        raise errors.Invalid("say whose: --user NAME; see: users list", field="user")
    return user


def _as(context: Context, user: str) -> Context:
    """As that user would see it, if whoever asks is another one."""
    if context.identity.name == user and not context.identity.is_local:
        return context
    return receivers.as_user(context, user)


def _seen(context: Context, user: str) -> ColumnElement[bool]:
    return visible(_as(context, user))


def _require_project(context: Context, db: Connection, user: str, project: str) -> None:
    """Refuse a project that the user does not see."""
    may_see = _as(context, user).visible_projects(READ)
    if may_see is None:
        checks.require_project(db, project)
    elif project not in may_see:
        raise errors.NotFound.among("project", project, may_see)


def _news(context: Context, db: Connection, user: str) -> News:
    unread, latest = repository.latest(db, user, _seen(context, user), LATEST)
    return News(unread=unread, latest=tuple(latest))


def _notifying(context: Context, db: Connection, user: str) -> Notifying:
    found = receivers.people(db, user).get(user, receivers.Person(user))
    minutes = context.settings.notifications.digest if found.digest is None else found.digest
    return Notifying(
        user=user,
        email=db.scalar(select(users.c.email).where(users.c.name == user)) or "",
        mail=found.mail,
        webhook=str(hidden(found.webhook, SECRET_URL)),
        digest=minutes,
        own=found.own,
        problem=outbox.last_problem(db, user),
    )
