"""Rows of bundles."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, delete, insert, select
from sqlalchemy.exc import IntegrityError

from modelyard import errors
from modelyard.deployments.bundling.types import Bundle, BundleManifest, BundleSummary
from modelyard.kernel.paging import Page, Paged
from modelyard.store.paging import page
from modelyard.store.tables import bundles


def add(db: Connection, bundle: Bundle) -> None:
    """Insert a bundle; Conflict if its id is taken."""
    row = {
        "project": bundle.project,
        "name": bundle.bundle,
        "origin": bundle.origin,
        "created": bundle.created,
        "sha256": bundle.digest,
        "summary": bundle.model_dump_json(exclude={"manifest"}),
        "body": bundle.manifest.model_dump_json(),
    }
    try:
        db.execute(insert(bundles).values(row))
    except IntegrityError as exc:
        raise taken(bundle.project, bundle.bundle) from exc


def taken(project: str, name: str) -> errors.Conflict:
    """The error for an id that there is already."""
    return errors.Conflict(
        f"there is a bundle {name!r} in project {project!r} already, and bundles never change; "
        "take another id"
    )


def exists(db: Connection, project: str, name: str) -> bool:
    """Whether there is such a bundle."""
    return db.scalar(select(bundles.c.name).where(_is(project, name))) is not None


def get(db: Connection, project: str, name: str) -> Bundle:
    """Look a bundle up; NotFound if there is none."""
    of = bundles.c
    row = db.execute(select(of.summary, of.body).where(_is(project, name))).one_or_none()
    if row is None:
        known = db.scalars(select(of.name).where(of.project == project))
        raise errors.NotFound.among(f"bundle in project {project!r} named", name, known)
    summary = BundleSummary.model_validate_json(row.summary)
    return Bundle(**dict(summary), manifest=BundleManifest.model_validate_json(row.body))


def every(db: Connection, project: str, asked: Paged) -> Page[BundleSummary]:
    """The bundles of a project, the newest first."""
    of = bundles.c
    return page(
        db,
        select(of.summary).where(of.project == project),
        [of.created, of.name],
        asked,
        lambda row: BundleSummary.model_validate_json(row.summary),
        descending=True,
    )


def remove(db: Connection, project: str, name: str | None = None) -> set[str]:
    """Delete a bundle, or all of a project; gives the digests of their archives."""
    mine = bundles.c.project == project
    if name is not None:
        mine &= bundles.c.name == name
    digests = set(db.scalars(select(bundles.c.sha256).where(mine)))
    db.execute(delete(bundles).where(mine))
    return digests


def _is(project: str, name: str) -> Any:
    return (bundles.c.project == project) & (bundles.c.name == name)
