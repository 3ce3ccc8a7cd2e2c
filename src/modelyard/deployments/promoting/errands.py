"""What a worker does for pipelines beside its jobs: releases go on as soon as their gates hold."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta

from modelyard import errors
from modelyard.deployments.promoting import repository
from modelyard.deployments.promoting.choosing import coming_to
from modelyard.deployments.promoting.positions import position_of
from modelyard.deployments.promoting.promoting import open_for, submit_if_ready
from modelyard.deployments.promoting.releases import release_of
from modelyard.deployments.promoting.trying import follow
from modelyard.kernel.context import Context
from modelyard.kernel.values import now

LOG = logging.getLogger("modelyard.deployments")
EVERY = 30.0
"""Seconds between two looks."""
ONCE = ("waiting", "trying", "done", "failed", "rejected")
"""States of a promotion after which its release does not come to that step by itself again."""


def promote_due(context: Context, is_stopping: Callable[[], bool], every: float = EVERY) -> float:
    """Look at what waits, and at automatic steps; gives the seconds until there may be more.

    What somebody looked at less than `every` seconds ago is left for later.

    Raises:
        Unavailable: the database does not answer; all of it is done again later.
    """
    with context.read() as db:
        automatic = [
            each for each in repository.everywhere(db) if any(step.automatic for step in each.steps)
        ]
    for pipeline in automatic:
        try:
            _ask_by_itself(context, pipeline.project, pipeline.name)
        except (errors.NotFound, errors.Conflict) as exc:  # it was changed or deleted meanwhile
            LOG.info("pipeline %s of %s: %s", pipeline.name, pipeline.project, exc.detail)
    with context.read() as db:
        trying, waiting = (repository.in_state(db, state) for state in ("trying", "waiting"))
    latest = now() - timedelta(seconds=every)
    for promotion in (*trying, *waiting):
        if is_stopping():
            break
        try:
            if promotion.state == "trying":
                follow(context, promotion)
            elif promotion.judged is None or promotion.judged <= latest:
                submit_if_ready(context, promotion, asking=True)
        except errors.NotFound as exc:
            LOG.info("pipeline %s of %s: %s", promotion.pipeline, promotion.project, exc.detail)
    return every


def _ask_by_itself(context: Context, project: str, name: str) -> None:
    """Write down that releases are to come to the automatic steps, each release once."""
    with context.begin() as db:
        pipeline = repository.get(db, project, name, lock=True)
        positions = [position_of(db, pipeline, step) for step in pipeline.steps]
        identity, folder = repository.owner_of(db, project, name)
        for position, coming in zip(positions, coming_to(db, pipeline, positions), strict=True):
            if coming is None or position.problem or not position.step.automatic:
                continue
            digest = release_of(db, pipeline, coming).digest
            asked = repository.to_step(db, project, name, position.step.name)
            if any(each.digest == digest and each.state in ONCE for each in asked):
                continue
            if any(each.state == "trying" for each in asked):
                continue  # something else is tried there
            if any(each.state == "waiting" and not each.automatic for each in asked):
                continue  # somebody asked for something else
            open_for(db, pipeline, position.step, coming, identity, folder, automatic=True)
