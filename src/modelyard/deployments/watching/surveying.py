"""How all is that is deployed: lists of projects and endpoints, the worst first."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row

from modelyard.deployments.deploying.types import ProjectSettings
from modelyard.deployments.watching.commands import Narrowed
from modelyard.deployments.watching.types import (
    DeployedProject,
    SeenEndpoint,
    StatusCount,
    WatchedEndpoint,
)
from modelyard.deployments.watching.watched import Watched, watched
from modelyard.kernel.context import Context
from modelyard.monitoring.scopes.looking import name_of, told
from modelyard.monitoring.scopes.repository import of_projects
from modelyard.monitoring.watching import repository as statuses
from modelyard.monitoring.watching.judging import judged_models
from modelyard.monitoring.watching.parts import worst_of
from modelyard.monitoring.watching.repository import since_when
from modelyard.monitoring.watching.types import STATUSES, Part, Status, ThingKind

Seen = Mapping[statuses.Key, Row[Any]]


@dataclass(frozen=True)
class Survey:
    """Everything that is deployed, the worst first."""

    projects: tuple[DeployedProject, ...]
    endpoints: tuple[WatchedEndpoint, ...]
    counts: tuple[StatusCount, ...]


def survey(
    context: Context,
    db: Connection,
    wanted: frozenset[str] | None,
    narrowed: Narrowed,
    told: Collection[Status] = STATUSES,
) -> Survey:
    """Look how all is that whoever asks may see.

    Args:
        context: of whoever asks.
        db: an open transaction.
        wanted: the projects; None: all.
        narrowed: what is asked for.
        told: endpoints that are otherwise are counted, and not told.
    """
    models = judged_models(db, wanted)
    seen = statuses.seen(db)
    asked = {"infrastructure": narrowed.infrastructure, "stage": narrowed.stage}
    found = list(watched(context, db, wanted, name=narrowed.deployment, **asked))
    projects = [_project(each, seen) for each in found if each.kind == "project"]
    parts = [
        (each, one, each.parts_of(one, models)) for each in found for one in each.watch.endpoints
    ]
    judged = [(worst_of(of) or each.health).status for each, _, of in parts]
    endpoints = [
        _endpoint(*each, seen) for each, status in zip(parts, judged, strict=True) if status in told
    ]
    elsewhere = list(_external(db, wanted, narrowed, seen))
    health = [each.health.status for each in found]
    endpoints += (each for each in elsewhere if each.status in told)
    return Survey(
        projects=tuple(sorted(projects, key=lambda each: -STATUSES.index(each.status))),
        endpoints=tuple(sorted(endpoints, key=lambda each: -STATUSES.index(each.status))),
        counts=(
            _count("deployment", health),
            _count("project", [each.status for each in projects]),
            _count("endpoint", judged),
            _count("external", [each.status for each in elsewhere]),
        ),
    )


def _project(each: Watched, seen: Seen) -> DeployedProject:
    parts = each.parts()
    worst = worst_of(parts) or each.health
    settings = each.settings
    return DeployedProject(
        project=each.project,
        deployment=each.name,
        target=each.target,
        infrastructure=each.infrastructure,
        stage=each.stage,
        bundle=settings.bundle if isinstance(settings, ProjectSettings) else "",
        status=worst.status,
        why=worst.why,
        since=since_when(seen.get((each.project, "deployment", each.name)), worst.status),
        parts=parts,
        refreshed=each.refreshed,
        problem=each.watch.problem,
    )


def _endpoint(
    each: Watched, endpoint: SeenEndpoint, parts: tuple[Part, ...], seen: Seen
) -> WatchedEndpoint:
    figures = endpoint.figures
    worst = worst_of(parts) or each.health
    name = f"{each.name}/{endpoint.name}"
    known = bool(each.watch.read)
    return WatchedEndpoint(
        project=each.project,
        kind="endpoint",
        name=name,
        deployment=each.name,
        endpoint=endpoint.name,
        service=each.target,
        infrastructure=each.infrastructure,
        stage=each.stage,
        status=worst.status,
        why=worst.why,
        since=since_when(seen.get((each.project, "endpoint", name)), worst.status),
        parts=parts,
        versions=tuple(dict.fromkeys(f"{one.model}:{one.version}" for one in endpoint.versions)),
        **(figures.model_dump() if known else {}),
        error_rate=figures.error_rate,
        refreshed=each.refreshed,
        problem=each.watch.problem,
    )


def _external(
    db: Connection, wanted: frozenset[str] | None, narrowed: Narrowed, seen: Seen
) -> Iterator[WatchedEndpoint]:
    """Those of monitoring scopes, which are on no infrastructure."""
    if narrowed.infrastructure or narrowed.stage or narrowed.deployment:
        return
    for scope in of_projects(db, wanted):
        for each in told(scope):
            name = name_of(scope, each)
            row = seen.get((scope.project, "external", name))
            yield WatchedEndpoint(
                project=scope.project,
                kind="external",
                name=name,
                endpoint=each.name,
                scope=scope.name,
                status=each.status,
                why=each.why,
                since=since_when(row, each.status),
                refreshed=scope.checked,
            )


def _count(kind: ThingKind, found: Iterable[Status]) -> StatusCount:
    all_ = list(found)
    return StatusCount(
        kind=kind, total=len(all_), **{status: all_.count(status) for status in STATUSES}
    )
