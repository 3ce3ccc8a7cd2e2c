"""Rows of packages."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, delete, insert, select
from sqlalchemy.exc import IntegrityError

from modelyard import errors
from modelyard.kernel.paging import Page, Paged
from modelyard.services.packaging.types import Package, PackageSummary
from modelyard.serving.packages.types import Manifest
from modelyard.store.paging import page
from modelyard.store.tables import service_packages


def add(db: Connection, package: Package) -> None:
    """Insert a package; Conflict if its id is taken."""
    row = {
        "project": package.project,
        "service": package.service,
        "name": package.package,
        "created": package.created,
        "sha256": package.digest,
        "size": package.size,
        "summary": package.model_dump_json(exclude={"manifest"}),
        "body": package.manifest.model_dump_json(),
    }
    try:
        db.execute(insert(service_packages).values(row))
    except IntegrityError as exc:
        raise taken(package.service, package.package) from exc


def taken(service: str, name: str) -> errors.Conflict:
    """The error for an id that there is already."""
    return errors.Conflict(
        f"there is a package {name!r} of {service!r} already, and packages never change; take "
        "another id"
    )


def exists(db: Connection, project: str, service: str, name: str) -> bool:
    """Whether there is such a package."""
    query = select(service_packages.c.name).where(_is(project, service, name))
    return db.scalar(query) is not None


def get(db: Connection, project: str, service: str, name: str) -> Package:
    """Look a package up; NotFound if there is none."""
    of = service_packages.c
    row = db.execute(select(of.summary, of.body).where(_is(project, service, name))).one_or_none()
    if row is None:
        known = db.scalars(select(of.name).where(of.project == project, of.service == service))
        raise errors.NotFound.among(f"package of {service!r} named", name, known)
    summary = PackageSummary.model_validate_json(row.summary)
    return Package(**dict(summary), manifest=Manifest.model_validate_json(row.body))


def every(db: Connection, project: str, service: str, asked: Paged) -> Page[PackageSummary]:
    """The packages of a service, the newest first."""
    of = service_packages.c
    return page(
        db,
        select(of.summary).where(of.project == project, of.service == service),
        [of.created, of.name],
        asked,
        lambda row: PackageSummary.model_validate_json(row.summary),
        descending=True,
    )


def remove(db: Connection, project: str, service: str, name: str) -> None:
    """Delete a package."""
    db.execute(delete(service_packages).where(_is(project, service, name)))


def _is(project: str, service: str, name: str) -> Any:
    of = service_packages.c
    return (of.project == project) & (of.service == service) & (of.name == name)
