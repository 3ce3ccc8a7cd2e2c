"""What a worker does for alerts beside its jobs: look what changed, and send what is due."""

from __future__ import annotations

from collections.abc import Callable

from modelyard.kernel.context import Context
from modelyard.monitoring.alerting import outbox
from modelyard.monitoring.alerting.delivering import clock_of_database, deliver
from modelyard.monitoring.alerting.noticing import notice


def run_errands(context: Context, is_stopping: Callable[[], bool]) -> float:
    """Look and send; gives the seconds after which there may be more to do.

    Raises:
        Unavailable: the database does not answer; all of it is done again later.
    """
    notice(context)
    deliver(context, is_stopping=is_stopping)
    every = context.settings.alerts.every
    with context.read() as db:
        due = outbox.next_due(db)
    return every if due is None else min(every, max(0.0, due - clock_of_database(context)))
