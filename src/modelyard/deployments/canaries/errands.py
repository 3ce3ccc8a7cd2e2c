"""What a worker does for canaries beside its jobs: it looks, and has what is wanted done."""

from __future__ import annotations

import logging
from collections.abc import Callable

from modelyard import errors
from modelyard.deployments.canaries import repository
from modelyard.deployments.canaries.commands import LookAtCanary
from modelyard.deployments.canaries.judging import judge
from modelyard.deployments.canaries.types import Canary
from modelyard.deployments.deploying import repository as deployments
from modelyard.deployments.deploying import updates
from modelyard.jobs import repository as jobs
from modelyard.jobs.repository import Submission
from modelyard.kernel.context import Context

LOG = logging.getLogger("modelyard.deployments")
EVERY = 30.0
"""Seconds between two looks."""


def look_at_canaries(context: Context, is_stopping: Callable[[], bool]) -> float:
    """Judge those under way; gives the seconds until there may be more to do.

    Raises:
        Unavailable: the database does not answer; all of it is done again later.
    """
    with context.read() as db:
        found = repository.under_way(db)
    for canary in found:
        if is_stopping():
            break
        try:
            judged = judge(context, canary)
            if judged.state == "running" and judged.wanted is not None:
                _submit(context, judged)
        except (errors.NotFound, errors.Conflict) as exc:  # it was deleted, or another started
            LOG.info("canary of %s: %s", canary.deployment, exc.detail)
    return EVERY


def _submit(context: Context, canary: Canary) -> None:
    """Queue the job that does what is wanted, as whoever started it; once."""
    with context.begin() as db:
        deployments.get(db, canary.project, canary.deployment, lock=True)
        current = repository.running(db, canary.project, canary.deployment)
        lease = context.settings.deployments.lease
        if updates.running(db, current.project, current.deployment, lease) is not None:
            return  # whoever is at it also ends what is wanted, or it is done the next time
        row = None if current.job is None else jobs.look_up(db, current.job)
        if row is not None and row.state in ("queued", "running"):
            return
        identity, folder = repository.asked_by(db, current)
        command = LookAtCanary(project=current.project, name=current.deployment)
        name = context.commands.name_of(LookAtCanary)
        submission = Submission(name=name, command=command, identity=identity, folder=folder)
        job = jobs.add(db, submission)
        repository.keep(db, current.model_copy(update={"job": job}))
