"""Rows of what was found out of deployments, and of what their endpoints were asked."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, delete, insert, or_, select, update

from modelyard.deployments.watching.types import Watch
from modelyard.kernel.values import now
from modelyard.store.database import upsert
from modelyard.store.tables import (
    deployment_watches,
    deployments,
    endpoint_activity,
    infrastructures,
)

Pairs = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Stretch:
    """What was asked of an endpoint in a stretch of time, by one generation at one place."""

    endpoint: str
    generation: str
    at: int
    """When it began, in seconds since 1970."""
    place: str
    """Empty: all places together."""
    span: int
    """Seconds."""
    queries: int
    failed: int
    refused: int
    buckets: Pairs = field(default=())
    """Of the histogram of times, and how many queries are in each."""


def find(db: Connection, project: str, name: str) -> Watch:
    """What was last found out of a deployment; nothing, if nobody asked yet."""
    of = deployment_watches.c
    body = db.scalar(select(of.body).where(of.project == project, of.deployment == name))
    return Watch() if body is None else Watch.model_validate_json(body)


def save(db: Connection, project: str, name: str, watch: Watch, at: datetime) -> None:
    """Write down what was found out, if the deployment is still there."""
    of = deployments.c
    if db.scalar(select(of.name).where(of.project == project, of.name == name)) is None:
        return
    values = {"refreshed": at, "body": watch.model_dump_json()}
    row = {"project": project, "deployment": name, **values}
    db.execute(upsert(db, deployment_watches, row, values))


def due(
    db: Connection, before: datetime, limit: int, left_out: frozenset[str]
) -> list[tuple[str, str]]:
    """Deployments that nobody asked since a moment, the longest first."""
    of, watched = deployments.c, deployment_watches.c
    waiting = or_(watched.refreshed.is_(None), watched.refreshed < before)
    query = (
        select(of.project, of.name)
        .outerjoin_from(deployments, deployment_watches, _MINE)
        .where(of.pushed.is_not(None), waiting, of.infrastructure.not_in(left_out))
        .order_by(watched.refreshed.is_not(None), watched.refreshed)
        .limit(limit)
    )
    return [(row.project, row.name) for row in db.execute(query)]


def claim(db: Connection, project: str, name: str, before: datetime) -> bool:
    """Say that somebody asks now; False: another worker was faster, or the deployment is gone."""
    watched = deployment_watches.c
    mine = (watched.project == project, watched.deployment == name)
    late = update(deployment_watches).where(*mine, watched.refreshed < before)
    if db.execute(late.values(refreshed=now())).rowcount:
        return True
    row = {"project": project, "deployment": name, "refreshed": now(), "body": "{}"}
    there = select(deployments.c.name).where(
        deployments.c.project == project, deployments.c.name == name
    )
    if db.scalar(there) is None:
        return False
    added = upsert(db, deployment_watches, row).returning(watched.deployment)
    return db.scalar(added) is not None


def put(db: Connection, project: str, name: str, stretches: Iterable[Stretch]) -> None:
    """Write stretches down, in place of what was known of them."""
    for each in stretches:
        row = _row(project, name, each)
        values = {key: row[key] for key in ("span", "queries", "failed", "refused", "buckets")}
        db.execute(upsert(db, endpoint_activity, row, values))


def stretches(
    db: Connection,
    project: str,
    name: str,
    since: float,
    *,
    endpoint: str | None = None,
) -> Iterable[Stretch]:
    """What was asked from a moment on, the oldest first."""
    of = endpoint_activity.c
    query = _of(project, name).where(of.at >= int(since)).order_by(of.at)
    if endpoint is not None:
        query = query.where(of.endpoint == endpoint)
    return _read(db, query)


def long_ago(db: Connection, project: str, name: str, before: float, span: int) -> list[Stretch]:
    """Stretches of a length that began before a moment."""
    of = endpoint_activity.c
    return list(_read(db, _of(project, name).where(of.at < int(before), of.span == span)))


def put_together(
    db: Connection, project: str, name: str, before: float, span: int, together: list[Stretch]
) -> None:
    """Have longer stretches in place of those of a length that began before a moment."""
    of = endpoint_activity.c
    mine = (of.project == project, of.deployment == name)
    db.execute(delete(endpoint_activity).where(*mine, of.at < int(before), of.span == span))
    db.execute(insert(endpoint_activity), [_row(project, name, each) for each in together])


def forget_old(db: Connection, project: str, name: str, before: float) -> None:
    """Forget what was asked before a moment."""
    of = endpoint_activity.c
    mine = (of.project == project, of.deployment == name)
    db.execute(delete(endpoint_activity).where(*mine, of.at < int(before)))


def erase(db: Connection, infrastructure: str) -> None:
    """Forget all that was found out of what is deployed on an infrastructure."""
    of = deployments.c
    for table in (endpoint_activity, deployment_watches):
        there = select(of.name).where(
            of.project == table.c.project,
            of.name == table.c.deployment,
            of.infrastructure == infrastructure,
        )
        db.execute(delete(table).where(there.exists()))


def left_out(db: Connection) -> frozenset[str]:
    """The infrastructures that monitoring leaves out."""
    query = select(infrastructures.c.name, infrastructures.c.body)
    return frozenset(
        row.name for row in db.execute(query) if not json.loads(row.body).get("monitored", True)
    )


_MINE = (deployment_watches.c.project == deployments.c.project) & (
    deployment_watches.c.deployment == deployments.c.name
)


def _of(project: str, name: str) -> Select[Any]:
    of = endpoint_activity.c
    return select(endpoint_activity).where(of.project == project, of.deployment == name)


def _read(db: Connection, query: Select[Any]) -> Iterable[Stretch]:
    for row in db.execute(query):
        yield Stretch(
            *(row.endpoint, row.generation, row.at, row.place, row.span),
            *(row.queries, row.failed, row.refused),
            tuple((place, count) for place, count in json.loads(row.buckets)),
        )


def _row(project: str, name: str, each: Stretch) -> dict[str, Any]:
    return {
        "project": project,
        "deployment": name,
        **{key: getattr(each, key) for key in STORED},
        "buckets": json.dumps(each.buckets, separators=(",", ":")),
    }


STORED = ("endpoint", "generation", "at", "place", "span", "queries", "failed", "refused")
