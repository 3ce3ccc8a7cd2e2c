"""Looks at the places of a deployment, and tells how it is."""

from __future__ import annotations

from sqlalchemy import Connection

from modelyard import errors
from modelyard.deployments.deploying import repository, updates
from modelyard.deployments.deploying.health import health_of
from modelyard.deployments.deploying.repository import Kept
from modelyard.deployments.deploying.types import Deployment, DeploymentUpdate, PlaceFound
from modelyard.deployments.drivers.access import open_driver
from modelyard.deployments.drivers.differences import told
from modelyard.deployments.drivers.driver import Driver
from modelyard.deployments.drivers.types import Desired
from modelyard.deployments.infrastructures import repository as infrastructures
from modelyard.deployments.infrastructures.access import require
from modelyard.deployments.infrastructures.types import Infrastructure
from modelyard.deployments.nodes.identities import learn_missing, places_of, refusal
from modelyard.deployments.nodes.repository import identities
from modelyard.kernel.context import Context
from modelyard.kernel.paging import ALL
from modelyard.kernel.values import now


def look(context: Context, project: str, name: str) -> None:
    """Observe every place now, and keep what was found with what follows from it.

    Raises:
        NotFound: there is no such deployment.
    """
    with context.read() as db:
        kept = repository.get(db, project, name)
        infrastructure = infrastructures.get(db, kept.infrastructure)
        desired, last = _desired(db, kept), updates.newest(db, project, name)
    driver = open_driver(context, infrastructure)
    places = driver.places()
    found = [_found(driver, place, kept.target) for place in places]
    health, _ = health_of(desired, found, places, last)
    with context.begin_aside() as db:
        repository.save_found(db, project, name, found, health, now())


def shown(context: Context, db: Connection, project: str, name: str) -> Deployment:
    """A deployment as it was last found; NotFound if there is none that whoever asks may see."""
    kept = repository.get(db, project, name)
    infrastructure = require(context, db, kept.infrastructure, "view")
    desired, last = _desired(db, kept), updates.newest(db, project, name)
    places = open_driver(context, infrastructure).places()
    health, messages = health_of(desired, kept.places, places, last)
    lease = context.settings.deployments.lease
    facts = kept.model_dump(exclude={"health", "places", "settings"})
    return Deployment(
        **facts,
        settings=kept.settings,
        health=health,
        messages=messages,
        desired=desired,
        places=kept.places,
        updating=updates.running(db, project, name, lease),
    )


def sharing_places(
    context: Context, db: Connection, infrastructure: Infrastructure
) -> frozenset[str]:
    """The names of an infrastructure, and of those that have a place in common with it."""
    mine = _places(context, db, infrastructure).keys()
    others = infrastructures.every(db, ALL, kind=infrastructure.kind, stage=None)
    shared = {each.name for each in others if mine & _places(context, db, each).keys()}
    return frozenset({infrastructure.name, *shared})


def require_different_places(
    context: Context, infrastructure: Infrastructure, _update: DeploymentUpdate
) -> None:
    """Ask nodes which ones they are, as far as nobody did; Conflict if two are the same one."""
    learn_missing(context)
    with context.read() as db:
        names = open_driver(context, infrastructure).places()
        different = {*_places(context, db, infrastructure).values()}
        known = identities(db)
    for name in names:
        if name not in different:
            other = next(each for each in different if known.get(each) == known.get(name))
            raise refusal(name, other)


def _places(context: Context, db: Connection, infrastructure: Infrastructure) -> dict[str, str]:
    names = open_driver(context, infrastructure).places()
    return places_of(context, db, infrastructure, names)


def _desired(db: Connection, kept: Kept) -> Desired | None:
    if kept.pushed is None:
        return None
    return updates.get(db, kept.project, kept.name, kept.pushed).desired


def _found(driver: Driver, place: str, target: str) -> PlaceFound:
    try:
        observed = driver.observe(place, target)
    except errors.ModelyardError as exc:
        return PlaceFound(place=place, reached=False, answers="", problem=exc.detail)
    return PlaceFound(place=place, reached=True, answers=told(observed), observed=observed)
