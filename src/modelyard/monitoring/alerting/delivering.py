"""Sending what alerts are to send, each once as far as that can be known.

Only a sender that dies after the receiver took a message, and before that is written down, leads to
a second one; it has the same key as the first.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from modelyard import errors
from modelyard.jobs.repository import moment
from modelyard.kernel.context import Context
from modelyard.monitoring.alerting import outbox, wording
from modelyard.monitoring.alerting.outbox import Sending
from modelyard.sending import mail, webhooks
from modelyard.store.clock import database_now

LOG = logging.getLogger("modelyard.alerts")
Clock = Callable[[Context], float]


def clock_of_database(context: Context) -> float:
    """Seconds since 1970, which are the same to every worker."""
    with context.read() as db:
        return database_now(db)


def deliver(
    context: Context,
    clock: Clock = clock_of_database,
    is_stopping: Callable[[], bool] = lambda: False,
) -> int:
    """Send all that is due; gives how many times something was sent, or could not be."""
    count = 0
    while not is_stopping():
        now = clock(context)
        with context.begin() as db:
            sending = outbox.take(db, now)
        if sending is None:
            break
        problem = attempt(context, sending, clock)
        alert = sending.kept.alert
        if problem:
            LOG.warning("alert %s of %s could not send: %s", alert.name, alert.project, problem)
        else:
            LOG.info("alert %s of %s sent %s", alert.name, alert.project, sending.key)
        count += 1
    return count


def attempt(context: Context, sending: Sending, clock: Clock = clock_of_database) -> str:
    """Send what was taken, and write down what came of it; gives what went wrong, if it did."""
    final = False
    try:
        problem, is_sent = send(context, sending, clock(context)), True
    except errors.ModelyardError as exc:
        problem, is_sent = exc.detail, False
        final = isinstance(exc, errors.Failed)
    now = clock(context)
    with context.begin() as db:
        if is_sent:
            outbox.settle(db, sending, now, problem)
        else:
            outbox.put_off(db, sending, now, problem, final=final)
    return "" if is_sent else problem


def send(context: Context, sending: Sending, now: float) -> str:
    """Hand a message to its receiver; gives what is to be told although it was taken.

    Raises:
        ModelyardError: it was not taken; `Failed`: and never will be.
    """
    settings, origin = context.settings, context.settings.security.url
    alert, changes = sending.kept.alert, sending.changes
    about = (alert.project, alert.name, changes)
    if alert.channel == "mail":
        return mail.send(
            settings.mail,
            alert.to,
            subject=wording.subject(*about),
            text=wording.text(*about, origin),
            key=sending.key,
            seconds=settings.alerts.timeout,
        )
    if alert.channel == "slack":
        body, headers = wording.slack_json_of(*about, origin), {}
    else:
        body = wording.json_of(*about, origin, moment(now))
        headers = webhooks.signed(sending.kept.secret, sending.key, int(now), body)
    webhooks.post(
        sending.kept.address,
        body,
        headers,
        allowed=settings.alerts.webhooks,
        seconds=settings.alerts.timeout,
    )
    return ""
