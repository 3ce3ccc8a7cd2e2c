"""Rows of deployments."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Connection, Row, Select, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from modelyard import errors
from modelyard.deployments.deploying.types import (
    DeploymentSummary,
    Health,
    PlaceFound,
    Settings,
)
from modelyard.kernel.paging import Page, Paged
from modelyard.kernel.values import Value, now
from modelyard.store.paging import page
from modelyard.store.tables import deployments, infrastructures

SETTINGS: TypeAdapter[Settings] = TypeAdapter(Settings)
PLACES = TypeAdapter(tuple[PlaceFound, ...])
STORED = (
    *("project", "name", "infrastructure", "target", "health", "checked", "created"),
    *("created_by", "changed", "pushed"),
)


class Kept(Value):
    """A deployment as its row says."""

    project: str
    name: str
    infrastructure: str
    kind: Any = "api"
    stage: str = ""
    target: str
    settings: Settings
    pushed: int | None = None
    health: Health = "UNKNOWN"
    places: tuple[PlaceFound, ...] = ()
    checked: datetime | None = None
    created: datetime
    created_by: str
    changed: datetime


def add(db: Connection, kept: Kept, sharing: frozenset[str]) -> None:
    """Insert a deployment.

    Args:
        db: an open transaction.
        kept: what it is.
        sharing: its infrastructure, and others that have places in common with it.

    Raises:
        Conflict: its id is taken, or its service is deployed there already.
    """
    of = deployments.c
    same = select(of.project, of.name, of.infrastructure).where(of.target == kept.target)
    for other in db.execute(same):
        if other.infrastructure in sharing:
            raise errors.Conflict(
                f"{kept.target} is deployed on {other.infrastructure} already, as {other.name} of "
                f"the project {other.project}, and a node has a service once; update that one"
            )
    try:
        db.execute(insert(deployments).values({**_columns(kept), "project": kept.project}))
    except IntegrityError as exc:
        raise errors.Conflict(
            f"there is a deployment {kept.name!r} already; update it, or take another id",
            field="name",
        ) from exc


def find(db: Connection, project: str, name: str, *, lock: bool = False) -> Kept | None:
    """Look a deployment up; None if there is none."""
    query = _query().where(*_is(project, name))
    if lock:
        query = query.with_for_update(of=deployments)
    row = db.execute(query).one_or_none()
    return None if row is None else _built(row)


def get(db: Connection, project: str, name: str, *, lock: bool = False) -> Kept:
    """The same; NotFound if there is none."""
    found = find(db, project, name, lock=lock)
    if found is None:
        known = db.scalars(select(deployments.c.name).where(deployments.c.project == project))
        raise errors.NotFound.among("deployment", name, known)
    return found


def every(
    db: Connection,
    asked: Paged,
    *,
    projects: frozenset[str] | None,
    seen_by: Any,
    **narrowed: str | None,
) -> Page[DeploymentSummary]:
    """Deployments by project and name.

    Args:
        db: an open transaction.
        asked: which part.
        projects: only those of these; None: of all.
        seen_by: the condition that their infrastructures meet; None: any.
        narrowed: values of columns that they have; None: any.
    """
    query = _query()
    if projects is not None:
        query = query.where(deployments.c.project.in_(projects))
    if seen_by is not None:
        query = query.where(seen_by)
    for name, wanted in narrowed.items():
        if wanted is not None:
            table = infrastructures if name in ("stage", "kind") else deployments
            query = query.where(table.c[name] == wanted)
    return page(db, query, [deployments.c.project, deployments.c.name], asked, _summary)


def save(db: Connection, kept: Kept) -> None:
    """Write down what a deployment is now."""
    db.execute(update(deployments).where(*_is(kept.project, kept.name)).values(_columns(kept)))


def save_found(
    db: Connection, project: str, name: str, places: Sequence[PlaceFound], health: Health, at: Any
) -> None:
    """Write down what was found at the places of a deployment."""
    found = {"observed": PLACES.dump_json(tuple(places)).decode(), "health": health, "checked": at}
    db.execute(update(deployments).where(*_is(project, name)).values(found))


def remove(db: Connection, project: str, name: str) -> None:
    """Delete a deployment with its updates."""
    db.execute(delete(deployments).where(*_is(project, name)))


def due(db: Connection, before: datetime, limit: int) -> list[tuple[str, str]]:
    """Deployments that nobody looked at since a moment, the longest first."""
    of = deployments.c
    waiting = of.pushed.is_not(None) & (of.checked.is_(None) | (of.checked < before))
    query = select(of.project, of.name).where(waiting).order_by(of.checked).limit(limit)
    return [(row.project, row.name) for row in db.execute(query)]


def claim_look(db: Connection, project: str, name: str, before: datetime) -> bool:
    """Say that somebody looks at a deployment now; False: another worker was faster."""
    of = deployments.c
    waiting = of.checked.is_(None) | (of.checked < before)
    query = update(deployments).where(*_is(project, name), waiting).values(checked=now())
    return db.execute(query).rowcount == 1


def in_project(db: Connection, project: str) -> list[str]:
    """The deployments of a project, by name."""
    of = deployments.c
    return list(db.scalars(select(of.name).where(of.project == project).order_by(of.name)))


def _query() -> Select[Any]:
    return select(deployments, infrastructures.c.kind, infrastructures.c.stage).join(
        infrastructures, infrastructures.c.name == deployments.c.infrastructure
    )


def _built(row: Row[Any]) -> Kept:
    return Kept(
        **{name: getattr(row, name) for name in (*STORED, "kind", "stage")},
        settings=SETTINGS.validate_json(row.settings),
        places=PLACES.validate_json(row.observed),
    )


def _summary(row: Row[Any]) -> DeploymentSummary:
    settings = SETTINGS.validate_json(row.settings)
    left_out = {"pushed"}
    return DeploymentSummary(
        **{name: getattr(row, name) for name in (*STORED, "kind", "stage") if name not in left_out},
        content=settings.content,
        enabled=settings.enabled,
    )


def _columns(kept: Kept) -> dict[str, Any]:
    return {
        **{name: getattr(kept, name) for name in STORED if name != "project"},
        "settings": kept.settings.model_dump_json(),
        "observed": PLACES.dump_json(kept.places).decode(),
    }


def _is(project: str, name: str) -> tuple[Any, ...]:
    return deployments.c.project == project, deployments.c.name == name
