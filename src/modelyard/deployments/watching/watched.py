"""How deployments and their endpoints are, as monitoring asks: by one query."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection, Row, Select, func, select

from modelyard.deployments.deploying.health import health_of
from modelyard.deployments.deploying.repository import PLACES, SETTINGS
from modelyard.deployments.deploying.types import Health, KeptUpdate, Settings
from modelyard.deployments.infrastructures.access import require, seen_by
from modelyard.deployments.watching.repository import left_out
from modelyard.deployments.watching.types import SeenEndpoint, Watch
from modelyard.kernel.context import Context
from modelyard.monitoring.watching.parts import worst_of
from modelyard.monitoring.watching.types import Part, Status, ThingKind, ThingStatus
from modelyard.store.tables import (
    deployment_updates,
    deployment_watches,
    deployments,
    infrastructures,
)

STATUS_OF: dict[Health, Status] = {
    "UNKNOWN": "none",
    "HEALTHY": "healthy",
    "WARNING": "warning",
    "OUT_OF_SYNC": "warning",
    "UNHEALTHY": "error",
    "ERROR": "error",
}
WELL = ("UNKNOWN", "HEALTHY")
"""What needs no reason, so that nothing is read to find one."""
WORDS = {
    "WARNING": "there is something to know",
    "OUT_OF_SYNC": "a node is not as deployed",
    "UNHEALTHY": "some nodes do not answer",
    "ERROR": "no node answers",
}
"""For one that was changed since it was looked at, so that what was found explains it no more."""

Models = Mapping[tuple[str, str], ThingStatus]
"""How saved models are, by project and name."""


@dataclass(frozen=True)
class Watched:
    """A deployment that monitoring knows, as it was last found."""

    project: str
    name: str
    kind: str
    target: str
    infrastructure: str
    stage: str
    settings: Settings | None
    """None: it is damaged in the database."""
    health: Part
    watch: Watch
    refreshed: datetime | None

    @property
    def enabled(self) -> bool:
        """Whether it is to answer."""
        return self.settings is not None and self.settings.enabled

    def parts(self) -> tuple[Part, ...]:
        """Of which it is the worst."""
        return (self.health, *self.watch.parts) if self.enabled else (self.health,)

    def parts_of(self, endpoint: SeenEndpoint, models: Models) -> tuple[Part, ...]:
        """Of which one of its endpoints is the worst: its health, and what it answers with."""
        named = dict.fromkeys(each.model for each in endpoint.versions)
        found = [models[self.project, name] for name in named if (self.project, name) in models]
        parts = [
            Part(part="model", status=each.status, why=f"{each.name}: {each.why}") for each in found
        ]
        worst = worst_of(parts)
        return (self.health, worst) if worst is not None and self.enabled else (self.health,)


def statuses(
    context: Context, db: Connection, projects: frozenset[str] | None, models: Models
) -> Iterator[ThingStatus]:
    """How each deployment is that whoever asks may see, and each endpoint of it.

    `projects` None: of all. Those on infrastructures that are left out are not told.
    """
    for each in watched(context, db, projects):
        parts = each.parts()
        yield _thing(each, "deployment", each.name, parts, parts if each.kind == "project" else ())
        for endpoint in each.watch.endpoints:
            of = each.parts_of(endpoint, models)
            yield _thing(each, "endpoint", f"{each.name}/{endpoint.name}", of, of)


def require_administered(context: Context, db: Connection, names: Iterable[str]) -> None:
    """Refuse whoever does not administer each of some infrastructures."""
    for name in names:
        require(context, db, name, "administer")


def watched(
    context: Context, db: Connection, projects: frozenset[str] | None, **narrowed: str | None
) -> Iterator[Watched]:
    """Every deployment that monitoring knows and whoever asks may see, by project and name.

    `narrowed`: its name, its infrastructure, its stage; None: any.
    """
    query = _query().where(deployments.c.infrastructure.not_in(left_out(db)))
    if projects is not None:
        query = query.where(deployments.c.project.in_(projects))
    for name, wanted in narrowed.items():
        if wanted is not None:
            table = infrastructures if name == "stage" else deployments
            query = query.where(table.c[name] == wanted)
    condition = seen_by(context, db)
    if condition is not None:
        query = query.where(condition)
    for row in db.execute(query):
        yield _watched(row)


def _thing(
    of: Watched, kind: ThingKind, name: str, parts: tuple[Part, ...], told: tuple[Part, ...]
) -> ThingStatus:
    worst = worst_of(parts) or of.health
    return ThingStatus(
        project=of.project,
        kind=kind,
        name=name,
        status=worst.status,
        why=worst.why,
        infrastructure=of.infrastructure,
        parts=told,
    )


def _query() -> Select[Any]:
    """Deployments; those that are not well with the updates that tell why."""
    of, pushed, last = deployments.c, deployment_updates.alias(), deployment_updates.alias()
    counted, found = deployment_updates.alias(), deployment_watches
    newest = (
        select(func.max(counted.c.number))
        .where(counted.c.project == of.project, counted.c.deployment == of.name)
        .correlate(deployments)
        .scalar_subquery()
    )
    unwell = of.health.not_in(WELL)

    def mine(table: Any) -> Any:
        return (table.c.project == of.project) & (table.c.deployment == of.name)

    return (
        select(
            *(of.project, of.name, of.target, of.infrastructure, of.health),
            *(of.settings, of.pushed, of.observed),
            *(infrastructures.c.kind, infrastructures.c.stage),
            *(found.c.refreshed, found.c.body.label("found")),
            pushed.c.body.label("pushed_body"),
            last.c.body.label("last_body"),
        )
        .join(infrastructures, infrastructures.c.name == of.infrastructure)
        .outerjoin(found, mine(found))
        .outerjoin(pushed, unwell & mine(pushed) & (pushed.c.number == of.pushed))
        .outerjoin(last, unwell & mine(last) & (last.c.number == newest))
        .order_by(of.project, of.name)
    )


def _watched(row: Row[Any]) -> Watched:
    try:
        settings: Settings | None = SETTINGS.validate_json(row.settings)
        watch = Watch() if row.found is None else Watch.model_validate_json(row.found)
        status, why = _judged(row, enabled=settings is not None and settings.enabled)
    except ValidationError:
        settings, watch = None, Watch()
        status, why = "error", "it is damaged in the database"
    return Watched(
        *(row.project, row.name, row.kind, row.target, row.infrastructure, row.stage, settings),
        health=Part(part="deployment", status=status, why=why),
        watch=watch,
        refreshed=row.refreshed,
    )


def _judged(row: Row[Any], *, enabled: bool) -> tuple[Status, str]:
    if not enabled:
        return "none", "it is disabled"
    if row.health == "HEALTHY":
        return "healthy", "it is as deployed"
    if row.health == "UNKNOWN":
        never = "nothing was deployed yet" if row.pushed is None else "nobody looked at it yet"
        return "none", never
    return STATUS_OF[row.health], _reason(row)


def _reason(row: Row[Any]) -> str:
    """The first message about what was found; the places are those of that look."""
    pushed, last = _update(row.pushed_body), _update(row.last_body)
    places = PLACES.validate_json(row.observed)
    desired = None if pushed is None else pushed.desired
    _, messages = health_of(desired, places, [each.place for each in places], last)
    if not messages:
        return WORDS[row.health]
    first, *others = messages
    more = [each for each in others if each.severity == first.severity]
    return first.title + (f"; {len(more)} more of the kind" if more else "")


def _update(body: str | None) -> KeptUpdate | None:
    return None if body is None else KeptUpdate.model_validate_json(body)
