"""What a worker does for notifications beside its jobs: it writes them down, and sends them."""

from __future__ import annotations

from collections.abc import Callable

from modelyard.governance.notifying import outbox
from modelyard.governance.notifying.delivering import clock_of_database, deliver
from modelyard.governance.notifying.noticing import notice
from modelyard.governance.notifying.reminding import remind
from modelyard.kernel.context import Context


def run_errands(context: Context, is_stopping: Callable[[], bool]) -> float:
    """Look and send; gives the seconds after which there may be more to do.

    Raises:
        Unavailable: the database does not answer; all of it is done again later.
    """
    notice(context)
    remind(context)
    deliver(context, is_stopping=is_stopping)
    with context.read() as db:
        due = outbox.next_due(db)
    every = context.settings.alerts.every
    return every if due is None else min(every, max(0.0, due - clock_of_database(context)))
