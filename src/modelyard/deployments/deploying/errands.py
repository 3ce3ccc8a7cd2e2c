"""What a worker does for deployments beside its jobs: it looks at them from time to time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from modelyard import errors
from modelyard.deployments.deploying import repository, updates
from modelyard.deployments.deploying.looking import look
from modelyard.kernel.context import Context
from modelyard.kernel.values import now

AT_ONCE = 5
"""Deployments that are looked at before something else is done: nodes that are away take long."""


def look_at_due(context: Context, is_stopping: Callable[[], bool]) -> float:
    """Look at what nobody looked at for a while; gives the seconds until there may be more.

    Raises:
        Unavailable: the database does not answer.
    """
    pause = context.settings.deployments.check_minutes * 60
    before = now() - timedelta(seconds=pause)
    with context.read() as db:
        due = repository.due(db, before, AT_ONCE)
    for project, name in due:
        if is_stopping():
            break
        with context.begin_aside() as db:
            lease = context.settings.deployments.lease
            mine = repository.claim_look(db, project, name, before)
            busy = updates.running(db, project, name, lease) is not None
        if mine and not busy:  # an update, half-way, looks itself at its end
            try:
                look(context, project, name)
            except errors.NotFound:
                continue  # it was deleted meanwhile
    return 0.0 if len(due) == AT_ONCE else min(pause, 60.0)
