"""How deployments are, as monitoring asks for it: one query, however many there are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection, Row, Select, func, select

from modelyard.deployments.deploying.health import health_of
from modelyard.deployments.deploying.repository import PLACES, SETTINGS
from modelyard.deployments.deploying.types import Health, KeptUpdate
from modelyard.deployments.infrastructures.access import seen_by
from modelyard.kernel.context import Context
from modelyard.monitoring.watching.types import Status, ThingStatus
from modelyard.store.tables import deployment_updates, deployments, infrastructures

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


def statuses(
    context: Context, db: Connection, projects: frozenset[str] | None
) -> Iterator[ThingStatus]:
    """How each deployment is that whoever asks may see; `projects` None: of all.

    The health is that of the last look, and the reason the first message that it follows from.
    """
    query = _query()
    if projects is not None:
        query = query.where(deployments.c.project.in_(projects))
    condition = seen_by(context, db)
    if condition is not None:
        query = query.where(condition)
    for row in db.execute(query):
        status, why = _judged(row)
        yield ThingStatus(
            project=row.project, kind="deployment", name=row.name, status=status, why=why
        )


def _query() -> Select[Any]:
    """Deployments; those that are not well with the updates that tell why."""
    of, pushed, last = deployments.c, deployment_updates.alias(), deployment_updates.alias()
    counted = deployment_updates.alias()
    newest = (
        select(func.max(counted.c.number))
        .where(counted.c.project == of.project, counted.c.deployment == of.name)
        .correlate(deployments)
        .scalar_subquery()
    )
    unwell = of.health.not_in(WELL)

    def numbered(update: Any, number: Any) -> Any:
        mine = (update.c.project == of.project) & (update.c.deployment == of.name)
        return unwell & mine & (update.c.number == number)

    return (
        select(
            *(of.project, of.name, of.health, of.settings, of.pushed, of.observed),
            pushed.c.body.label("pushed_body"),
            last.c.body.label("last_body"),
        )
        .join(infrastructures, infrastructures.c.name == of.infrastructure)
        .outerjoin(pushed, numbered(pushed, of.pushed))
        .outerjoin(last, numbered(last, newest))
        .order_by(of.project, of.name)
    )


def _judged(row: Row[Any]) -> tuple[Status, str]:
    try:
        if not SETTINGS.validate_json(row.settings).enabled:
            return "none", "it is disabled"
        if row.health == "HEALTHY":
            return "healthy", "it is as deployed"
        if row.health == "UNKNOWN":
            never = "nothing was deployed yet" if row.pushed is None else "nobody looked at it yet"
            return "none", never
        return STATUS_OF[row.health], _reason(row)
    except ValidationError:
        return "error", "it is damaged in the database"


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
