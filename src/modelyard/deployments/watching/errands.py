"""What a worker does for monitoring beside its jobs: it asks deployments from time to time."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta

from modelyard import errors
from modelyard.deployments.watching import repository
from modelyard.deployments.watching.reading import refresh
from modelyard.kernel.context import Context
from modelyard.kernel.values import now

LOG = logging.getLogger("modelyard.monitoring")
AT_ONCE = 20
"""Deployments that are asked before something else is done: nodes that are away take long."""
LONGEST_PAUSE = 60.0


def refresh_due(context: Context, is_stopping: Callable[[], bool]) -> float:
    """Ask what nobody asked for a while; gives the seconds until there may be more.

    Raises:
        Unavailable: the database does not answer.
    """
    pause = context.settings.monitoring.refresh_minutes * 60
    before = now() - timedelta(seconds=pause)
    with context.read() as db:
        due = repository.due(db, before, AT_ONCE, repository.left_out(db))
    for project, name in due:
        if is_stopping():
            break
        with context.begin_aside() as db:
            mine = repository.claim(db, project, name, before)
        if mine:
            try:
                refresh(context, project, name)
            except (errors.NotFound, errors.Unsupported) as exc:
                LOG.debug("%s was deleted or left out meanwhile: %s", name, exc.detail)
    return 0.0 if len(due) == AT_ONCE else min(pause, LONGEST_PAUSE)
