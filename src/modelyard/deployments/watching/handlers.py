"""How monitoring answers about what is deployed."""

from __future__ import annotations

import time
from collections.abc import Collection

from sqlalchemy import Connection

from modelyard import errors
from modelyard.analysis.activity_types import ActivityHistory
from modelyard.deployments.deploying.looking import shown
from modelyard.deployments.deploying.types import Deployment
from modelyard.deployments.watching import repository
from modelyard.deployments.watching.activity import (
    FINE_FOR,
    HOUR,
    MINUTE,
    RANGES,
    Key,
    Sum,
    slots,
    spells,
    summed,
)
from modelyard.deployments.watching.commands import (
    DrawKeptActivity,
    ListDeployedProjects,
    ListWatchedEndpoints,
    Narrowed,
    OfActivity,
    RefreshDeployment,
    ShowKeptActivity,
    ShowOverview,
)
from modelyard.deployments.watching.reading import refresh
from modelyard.deployments.watching.surveying import Survey, survey
from modelyard.deployments.watching.types import (
    ActivitySlot,
    DeployedProject,
    KeptActivityDrawn,
    Overview,
    WatchedEndpoint,
)
from modelyard.evaluations.charting.drawing import drawing
from modelyard.kernel.bus import handles
from modelyard.kernel.context import Context
from modelyard.monitoring.watching import repository as statuses
from modelyard.monitoring.watching.judging import judged
from modelyard.monitoring.watching.types import STATUSES, Status, ThingStatus
from modelyard.projects.access import require_project

BAD: tuple[Status, ...] = ("warning", "error")
MOST_STRETCHES = 2500


@handles(ShowOverview)
def show_overview(command: ShowOverview, context: Context) -> Overview:
    """Count, and leave out what is well."""
    found = _survey(command, context, BAD)
    return Overview(
        counts=found.counts,
        projects=tuple(each for each in found.projects if each.status in BAD),
        endpoints=found.endpoints,
    )


@handles(ListDeployedProjects)
def list_projects(command: ListDeployedProjects, context: Context) -> list[DeployedProject]:
    """The worst first."""
    found = _survey(command, context, ()).projects
    return [each for each in found if command.status in (None, each.status)]


@handles(ListWatchedEndpoints)
def list_endpoints(command: ListWatchedEndpoints, context: Context) -> list[WatchedEndpoint]:
    """The worst first."""
    told = STATUSES if command.status is None else (command.status,)
    return list(_survey(command, context, told).endpoints)


@handles(RefreshDeployment)
def refresh_deployment(command: RefreshDeployment, context: Context) -> list[ThingStatus]:
    """Ask, then tell how it is, and how its endpoints are."""
    project, name = command.project, command.deployment
    with context.read() as db:
        shown(context, db, project, name)
    refresh(context, project, name)
    with context.read() as db:
        things = statuses.dated(db, judged(context, db, frozenset({project})))
    return [
        each
        for each in things
        if (each.kind, each.name) == ("deployment", name)
        or (each.kind == "endpoint" and each.name.startswith(f"{name}/"))
    ]


@handles(ShowKeptActivity)
def show_activity(command: ShowKeptActivity, context: Context) -> list[ActivitySlot]:
    """Put stretches together."""
    step, since, _ = _window(command)
    with context.read() as db:
        shown(context, db, command.project, command.deployment)
        found = _summed(db, command, since, step, by_generation=command.by == "generation")
    return slots(found)


@handles(DrawKeptActivity)
def draw_activity(command: DrawKeptActivity, context: Context) -> KeptActivityDrawn:
    """Put stretches together, and draw them."""
    step, since, moment = _window(command)
    with context.read() as db:
        deployment = shown(context, db, command.project, command.deployment)
        whole = _summed(db, command, since, step, by_endpoint=False)
        apart = _summed(db, command, since, step, by_endpoint=False, by_generation=True)
    history = ActivityHistory(
        since=since,
        until=moment,
        step=step,
        together=spells(whole),
        apart=spells(apart),
        generations=_in_order(deployment, apart),
        changed=deployment.changed.timestamp(),
    )
    drawn = drawing("draw_activity")(history, command.chart, command.mode)
    named = command.model_dump(include={"project", "deployment", "chart"})
    return KeptActivityDrawn(**dict(drawn), **named)


def _survey(narrowed: Narrowed, context: Context, told: Collection[Status]) -> Survey:
    wanted = context.visible_projects("monitoring:read")
    if narrowed.project is not None:
        wanted = frozenset({narrowed.project})
    with context.read() as db:
        if narrowed.project is not None:
            require_project(db, narrowed.project)
        return survey(context, db, wanted, narrowed, told)


def _window(asked: OfActivity) -> tuple[int, float, float]:
    """Seconds of a stretch, when the first one begins, and now.

    Raises:
        Invalid: the stretches are shorter than what is kept, or too many.
    """
    length, fitting = RANGES[asked.range]
    step = (asked.resolution or fitting) * MINUTE
    if length > FINE_FOR and step % HOUR:
        raise errors.Invalid(
            f"what is older than two days is known by the hour: for a {asked.range}, give a "
            "resolution of 60, 120, 360 or other whole hours",
            field="resolution",
        )
    if step % (5 * MINUTE):
        raise errors.Invalid("give a resolution of 5, 10, 15 or more", field="resolution")
    if length // step > MOST_STRETCHES:
        raise errors.Invalid(
            f"a {asked.range} has too many stretches of {step // MINUTE} minutes",
            field="resolution",
        )
    moment = time.time()
    return step, moment // step * step - length + step, moment


def _summed(
    db: Connection,
    asked: OfActivity,
    since: float,
    step: int,
    *,
    by_endpoint: bool = True,
    by_generation: bool = False,
) -> dict[Key, Sum]:
    found = repository.stretches(
        db, asked.project, asked.deployment, since, endpoint=asked.endpoint
    )
    return summed(found, step, by_endpoint=by_endpoint, by_generation=by_generation)


def _in_order(deployment: Deployment, found: dict[Key, Sum]) -> tuple[str, ...]:
    """Generations in the order of their colours: those that answer, then the newest others."""
    answering = deployment.settings.content
    others = dict.fromkeys(generation for _, generation, _ in reversed(list(found)))
    return (*answering, *(each for each in others if each not in answering))
