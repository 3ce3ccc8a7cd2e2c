"""Asks the places of a deployment what they answered and how they are, and keeps it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from modelyard import errors
from modelyard.deployments.deploying import repository as deployments
from modelyard.deployments.deploying.repository import Kept
from modelyard.deployments.deploying.types import PlaceFound
from modelyard.deployments.drivers.access import open_driver
from modelyard.deployments.drivers.driver import Driver, TellsActivity, TellsParts
from modelyard.deployments.drivers.types import ObservedService
from modelyard.deployments.infrastructures import repository as infrastructures
from modelyard.deployments.infrastructures.types import Infrastructure
from modelyard.deployments.watching import repository
from modelyard.deployments.watching.activity import (
    DAY,
    FINE_FOR,
    HOUR,
    MINUTE,
    SPAN,
    by_hours,
    figures,
)
from modelyard.deployments.watching.repository import Stretch
from modelyard.deployments.watching.types import AnsweringVersion, Figures, SeenEndpoint, Watch
from modelyard.kernel.context import Context
from modelyard.kernel.values import now
from modelyard.monitoring.watching.parts import together
from modelyard.monitoring.watching.types import Part
from modelyard.services.access import find_package
from modelyard.serving.packages.types import PredictionEndpoint
from modelyard.serving.watching.types import Activity

MARGIN = SPAN
"""Seconds that are read once more: the stretch that was running, and what came late to disk."""


@dataclass(frozen=True)
class Told:
    """What the places of a deployment told."""

    stretches: tuple[Stretch, ...] = ()
    read: dict[str, float] = field(default_factory=dict)
    parts: dict[str, tuple[Part, ...]] = field(default_factory=dict)
    problem: str = ""


def refresh(context: Context, project: str, name: str) -> None:
    """Ask every place now; what one that is away told before stays.

    Raises:
        NotFound: there is no such deployment.
        Unsupported: its infrastructure is left out of monitoring.
    """
    with context.read() as db:
        kept = deployments.get(db, project, name)
        infrastructure = infrastructures.get(db, kept.infrastructure)
        before = repository.find(db, project, name)
        endpoints = _endpoints(db, kept, before)
    if not infrastructure.monitored:
        raise errors.Unsupported(
            f"{infrastructure.name} is left out of monitoring; take it in again by: "
            f"infrastructures update {infrastructure.name} --monitored"
        )
    moment = now()
    told = _told(open_driver(context, infrastructure), kept, infrastructure, before, moment)
    with context.begin_aside() as db:
        if infrastructures.get(db, infrastructure.name).monitored:  # it may be left out meanwhile
            _keep(context, db, kept, endpoints, told, moment)


def _told(
    driver: Driver, kept: Kept, infrastructure: Infrastructure, before: Watch, moment: datetime
) -> Told:
    if kept.kind == "project":
        return _told_parts(driver, kept, before) if isinstance(driver, TellsParts) else Told()
    if not isinstance(driver, TellsActivity):
        return Told(problem=f"the driver {infrastructure.driver} tells no activity")
    stretches: list[Stretch] = []
    read, problems = dict(before.read), []
    since = infrastructure.monitored_since
    start = since.timestamp() if since else 0.0
    for place in driver.places():
        last = max(before.read.get(place, 0.0) - MARGIN, start, moment.timestamp() - DAY)
        minutes = max(1, min(DAY // MINUTE, math.ceil((moment.timestamp() - last) / MINUTE)))
        try:
            found = driver.activity(place, kept.target, minutes)
        except errors.ModelyardError as exc:
            problems.append(f"{place}: {exc.detail}")
            continue
        stretches += (_stretch(each, place) for each in found if each.minute.timestamp() >= start)
        read[place] = moment.timestamp()
    return Told(tuple(stretches), read, problem="; ".join(problems))


def _told_parts(driver: TellsParts, kept: Kept, before: Watch) -> Told:
    places = driver.places()
    parts, problems = {each: before.told[each] for each in places if each in before.told}, []
    for place in places:
        try:
            parts[place] = driver.parts(place, kept.target)
        except errors.ModelyardError as exc:
            problems.append(f"{place}: {exc.detail}")
    return Told(parts=parts, problem="; ".join(problems))


def _keep(
    context: Context,
    db: Connection,
    kept: Kept,
    endpoints: tuple[SeenEndpoint, ...],
    told: Told,
    moment: datetime,
) -> None:
    project, name, seconds = kept.project, kept.name, moment.timestamp()
    repository.put(db, project, name, told.stretches)
    _put_together(db, project, name, seconds)
    days = context.settings.monitoring.activity_days
    repository.forget_old(db, project, name, seconds - days * DAY)
    known = figures(repository.stretches(db, project, name, seconds - DAY - HOUR), seconds)
    watch = Watch(
        endpoints=tuple(
            each.model_copy(update={"figures": known.get(each.name, Figures())})
            for each in endpoints
        ),
        parts=together(told.parts),
        told=told.parts,
        read=told.read,
        pushed=kept.pushed,
        problem=told.problem,
    )
    repository.save(db, project, name, watch, moment)


def _put_together(db: Connection, project: str, name: str, seconds: float) -> None:
    """Have hours of all places in place of what is old, where an hour is over."""
    before = (seconds - FINE_FOR) // HOUR * HOUR
    old = repository.long_ago(db, project, name, before, SPAN)
    if old:
        repository.put_together(db, project, name, before, SPAN, by_hours(old))


def _endpoints(db: Connection, kept: Kept, before: Watch) -> tuple[SeenEndpoint, ...]:
    """The endpoints of what is deployed, with the versions that they answer with."""
    if kept.kind == "project":
        return ()
    if before.pushed == kept.pushed and before.endpoints:
        return before.endpoints
    answering: dict[str, list[AnsweringVersion]] = {}
    for package in kept.settings.content:
        try:
            manifest = find_package(db, kept.project, kept.target, package).manifest
        except errors.NotFound:
            continue  # it was deleted, and nodes still answer with it
        models = {each.id: each for each in manifest.models}
        for each in manifest.endpoints:
            versions = answering.setdefault(each.name, [])
            if isinstance(each, PredictionEndpoint):
                model = models[each.model]
                found = {"model": model.model, "version": model.version}
                versions.append(AnsweringVersion(package=package, **found))
    for name in _observed(kept.places):
        answering.setdefault(name, [])
    return tuple(
        SeenEndpoint(name=name, versions=tuple(versions))
        for name, versions in sorted(answering.items())
    )


def _observed(places: Iterable[PlaceFound]) -> Iterable[str]:
    for each in places:
        if isinstance(each.observed, ObservedService):
            yield from each.observed.endpoints


def _stretch(each: Activity, place: str) -> Stretch:
    return Stretch(
        *(each.endpoint, each.generation, int(each.minute.timestamp()), place, SPAN),
        *(each.queries, each.failed, each.refused, each.buckets),
    )
