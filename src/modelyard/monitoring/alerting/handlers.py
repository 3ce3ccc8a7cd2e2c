"""How alerts answer."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from importlib import import_module
from typing import Any

from sqlalchemy import Connection

from modelyard import errors
from modelyard.kernel.bus import handles
from modelyard.kernel.context import Context
from modelyard.kernel.secrets import SECRET_URL, hidden
from modelyard.kernel.values import now
from modelyard.monitoring.alerting import outbox, repository
from modelyard.monitoring.alerting.commands import (
    CreateAlert,
    DeleteAlert,
    ListAlerts,
    ListMessages,
    ShowAlert,
    TryAlert,
    UpdateAlert,
)
from modelyard.monitoring.alerting.delivering import attempt
from modelyard.monitoring.alerting.repository import Kept
from modelyard.monitoring.alerting.types import Alert, AlertMessage, Change, Channel, MadeAlert
from modelyard.projects.access import require_project
from modelyard.sending import mail
from modelyard.sending.reach import addresses, host_of
from modelyard.sending.webhooks import new_secret
from modelyard.store.clock import database_now

SETTINGS = {
    *("description", "on", "statuses", "only", "infrastructure", "all_projects"),
    *("silence", "digest", "disabled"),
}


@handles(CreateAlert)
def create_alert(command: CreateAlert, context: Context) -> MadeAlert:
    """Keep it, with a secret of its own if it signs."""
    receiver = _receiver(command, context)
    if receiver is None:
        raise errors.Invalid("an alert needs a receiver: give --mail, --webhook or --slack")
    alert = Alert(
        **command.model_dump(include={"project", "name", *SETTINGS}),
        channel=receiver[0],
        to=receiver[1],
        created=now(),
        created_by=context.identity.name,
    )
    _require_whole(alert)
    kept = Kept(alert, receiver[2], new_secret() if alert.channel == "webhook" else "")
    with context.begin() as db:
        require_project(db, alert.project)
        _require_administered(context, db, [alert])
        repository.add(db, kept)
    return MadeAlert(**dict(alert), secret=kept.secret or None)


@handles(UpdateAlert)
def update_alert(command: UpdateAlert, context: Context) -> MadeAlert:
    """Change what was given; whoever signs keeps the secret, unless a new one is asked for."""
    changes: dict[str, Any] = command.model_dump(include=SETTINGS, exclude_none=True)
    if command.on not in (None, "values"):
        changes.setdefault("statuses", ())
    receiver = _receiver(command, context)
    if receiver is not None:
        changes |= {"channel": receiver[0], "to": receiver[1]}
    with context.begin() as db:
        before = repository.get(db, command.project, command.name, lock=True)
        context.unchanged(before.alert)
        alert = Alert.model_validate({**dict(before.alert), **changes, "changed": now()})
        _require_whole(alert)
        _require_administered(context, db, [before.alert, alert])
        if command.new_secret and alert.channel != "webhook":
            raise errors.Invalid("only webhooks are signed, and so have a secret")
        address = before.address if receiver is None else receiver[2]
        secret = "" if alert.channel != "webhook" else before.secret
        is_new = alert.channel == "webhook" and (command.new_secret or not secret)
        secret = new_secret() if is_new else secret
        repository.save(db, Kept(alert, address, secret))
    return MadeAlert(**dict(alert), secret=secret if is_new else None)


@handles(ListAlerts)
def list_alerts(command: ListAlerts, context: Context) -> list[Alert]:
    """List by name."""
    with context.read() as db:
        require_project(db, command.project)
        return repository.every(db, command.project, command)


@handles(ShowAlert)
def show_alert(command: ShowAlert, context: Context) -> Alert:
    """Look it up."""
    with context.read() as db:
        return repository.get(db, command.project, command.name).alert


@handles(TryAlert)
def try_alert(command: TryAlert, context: Context) -> AlertMessage:
    """Send a message at once; one that is not taken stays among the messages, and is an error."""
    change = Change(
        project=command.project,
        kind="project",
        name=command.project,
        before="none",
        after="none",
        at=now(),
        test=True,
    )
    with context.begin() as db:
        kept = repository.get(db, command.project, command.name)
        sending = outbox.put_test(db, kept, change, database_now(db))
    problem = attempt(context, sending)
    if problem:
        raise errors.Failed(f"the test of {command.name} was not taken: {problem}")
    with context.read() as db:
        message = outbox.get(db, sending.key)
    if message is None:
        raise errors.Conflict(f"the alert {command.name} was deleted meanwhile")
    return message


@handles(ListMessages)
def list_messages(command: ListMessages, context: Context) -> list[AlertMessage]:
    """List the newest first."""
    with context.read() as db:
        require_project(db, command.project)
        if command.alert is not None:
            repository.get(db, command.project, command.alert)
        return outbox.every(db, command.project, command, alert=command.alert, state=command.state)


@handles(DeleteAlert)
def delete_alert(command: DeleteAlert, context: Context) -> None:
    """Delete it, and its messages with it."""
    with context.begin() as db:
        context.unchanged(repository.get(db, command.project, command.name, lock=True).alert)
        repository.remove(db, command.project, command.name)


def _receiver(
    command: CreateAlert | UpdateAlert, context: Context
) -> tuple[Channel, tuple[str, ...], str] | None:
    """The channel, what is shown of the receiver, and the address that a webhook is at.

    Raises:
        Invalid: there are several, or one that cannot be.
        Forbidden: the settings do not let alerts reach it.
        Unsupported: it takes mail, and no mail server is set.
    """
    given = [name for name in ("mail", "webhook", "slack") if getattr(command, name)]
    if len(given) > 1:
        raise errors.Invalid(f"an alert has one receiver; of {', '.join(given)} give one")
    if command.mail:
        mail.require_mail(context.settings.mail, command.mail)
        return "mail", command.mail, ""
    address = command.webhook or command.slack
    if address is None:
        return None
    with suppress(errors.Unavailable):  # nobody knows the host at the moment
        addresses(address, context.settings.alerts.webhooks, "alerts.webhooks")
    if command.webhook:
        return "webhook", (str(hidden(address, SECRET_URL)),), address
    return "slack", (host_of(address),), address


def _require_whole(alert: Alert) -> None:
    """Refuse what says to tell of no status, or of some that it does not tell of."""
    if (alert.on == "values") != bool(alert.statuses):
        raise errors.Invalid(
            "statuses are named for 'values', and only for these; give both or none",
            field="statuses",
        )
    named = [each for each in alert.infrastructure if not {"*", "?"} & set(each)]
    if alert.all_projects and (not named or len(named) != len(alert.infrastructure)):
        raise errors.Invalid(
            "to tell of every project, name the infrastructures, each in full",
            field="infrastructure",
        )


def _require_administered(context: Context, db: Connection, alerts: Iterable[Alert]) -> None:
    """Refuse to tell of all projects unless whoever asks administers the infrastructures."""
    names = {name for each in alerts if each.all_projects for name in each.infrastructure}
    for module in context.watched:
        import_module(module).require_administered(context, db, sorted(names))
