"""Sending what people are told by mail and webhook, each once as far as that can be known.

Only a sender that dies after the receiver took a message, and before that is written down, leads to
a second one; it has the same key as the first.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from modelyard import errors
from modelyard.governance.notifying import outbox, wording
from modelyard.governance.notifying.outbox import Sending
from modelyard.governance.notifying.receivers import Person, people, seen_by
from modelyard.governance.notifying.types import Notification
from modelyard.jobs.repository import moment
from modelyard.kernel.context import Context
from modelyard.sending import mail, webhooks
from modelyard.store.clock import database_now

LOG = logging.getLogger("modelyard.notifications")
Clock = Callable[[Context], float]
HOLD = 60.0
"""Seconds in which a mail server that did not take one message is given no other."""
LONGEST = 20.0
"""Seconds after which no further message is begun, so that what else a worker does goes on."""


def clock_of_database(context: Context) -> float:
    """Seconds since 1970, which are the same to every worker."""
    with context.read() as db:
        return database_now(db)


def deliver(
    context: Context,
    clock: Clock = clock_of_database,
    is_stopping: Callable[[], bool] = lambda: False,
) -> int:
    """Send what is due, for a while; gives how many times something was sent, or could not be."""
    count, start = 0, clock(context)
    while not is_stopping() and (now := clock(context)) < start + LONGEST:
        with context.begin() as db:
            sending = outbox.take(db, now)
        if sending is None:
            break
        _attempt(context, sending, clock)
        count += 1
    return count


def _attempt(context: Context, sending: Sending, clock: Clock) -> None:
    """Send what was taken, and write down what came of it."""
    now = clock(context)
    parcel = _packed(context, sending)
    left_out = [each.id for each in sending.told if each not in parcel.told]
    with context.begin() as db:
        if left_out:
            why = parcel.problem or "they may not see the item any more"
            outbox.drop(db, sending, now, why, left_out)
    if not parcel.told:
        return
    try:
        problem, failure = _send(context, sending, parcel, now), None
    except errors.ModelyardError as exc:
        problem, failure = exc.detail, exc
    now = clock(context)
    with context.begin() as db:
        if failure is None:
            outbox.settle(db, sending, now, problem)
        else:
            final = isinstance(failure, errors.Failed)
            outbox.put_off(db, sending, now, problem, final=final)
            if sending.channel == "mail" and isinstance(failure, errors.Unavailable):
                outbox.hold(db, "mail", now + HOLD)
    if failure is not None:
        to = sending.user or "the webhook of the settings"
        LOG.warning("could not tell %s by %s: %s", to, sending.channel, problem)


@dataclass(frozen=True)
class _Parcel:
    """What is sent of what was taken."""

    told: Sequence[Notification]
    person: Person | None = None
    problem: str = ""
    """Why nothing is."""


def _packed(context: Context, sending: Sending) -> _Parcel:
    """What whoever is told may see at this moment, if they still want it this way."""
    if sending.user is None:
        is_wanted = bool(context.settings.notifications.webhook)
        return _Parcel(sending.told) if is_wanted else _Parcel((), problem="it is not set any more")
    with context.read() as db:
        person = people(db, sending.user).get(sending.user)
    if person is None:
        return _Parcel((), problem="the user is not active any more")
    if not (person.webhook if sending.channel == "webhook" else person.mail and person.email):
        return _Parcel((), problem="they are not told this way any more")
    seen = seen_by(context, person.name, {each.item for each in sending.told})
    return _Parcel([each for each in sending.told if each.item in seen], person)


def _send(context: Context, sending: Sending, parcel: _Parcel, now: float) -> str:
    """Hand a message to its receiver; gives what is to be told although it was taken.

    Raises:
        ModelyardError: it was not taken; `Failed`: and never will be.
    """
    settings, origin = context.settings, context.settings.security.url
    person, told = parcel.person, parcel.told
    if sending.channel == "mail" and person is not None:
        return mail.send(
            settings.mail,
            [person.email],
            subject=wording.subject(told),
            text=wording.text(told, origin),
            html=wording.html(told, origin),
            key=sending.key,
            seconds=settings.alerts.timeout,
        )
    ours = settings.notifications
    address, secret = (
        (ours.webhook, ours.secret) if person is None else (person.webhook, person.secret)
    )
    body = wording.json_of(sending.user, told, origin, moment(now))
    webhooks.post(
        address,
        body,
        webhooks.signed(secret, sending.key, int(now), body),
        allowed=settings.alerts.webhooks,
        seconds=settings.alerts.timeout,
    )
    return ""
