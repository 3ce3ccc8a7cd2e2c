"""Releases: packages of a service, or bundles of a project, as pipelines take them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from modelyard.deployments.bundling import repository as bundles
from modelyard.deployments.promoting.types import Pipeline
from modelyard.services.access import find_package
from modelyard.store import tables


@dataclass(frozen=True)
class Release:
    """A package or bundle, and the versions of saved models that answer in it."""

    name: str
    digest: str
    versions: tuple[tuple[str, str, str], ...]
    """Each as saved model, version, and digest of its files."""


def release_of(db: Connection, pipeline: Pipeline, name: str) -> Release:
    """Look a package or bundle up.

    Raises:
        NotFound: there is none of this id.
    """
    if pipeline.service is not None:
        package = find_package(db, pipeline.project, pipeline.service, name)
        packaged = package.manifest.models
        versions = tuple((each.model, each.version, each.digest) for each in packaged)
        return Release(name, package.digest, versions)
    bundle = bundles.get(db, pipeline.project, name)
    active = tuple(
        (model.model, each.version, each.digest)
        for model in bundle.manifest.models
        for each in model.versions
        if each.version == model.active
    )
    return Release(name, bundle.digest, active)


def newest(db: Connection, pipeline: Pipeline) -> str | None:
    """The id of the newest package or bundle; None: there is none yet."""
    if pipeline.service is None:
        of = tables.bundles.c
        query = select(of.name).where(of.project == pipeline.project)
        query = query.order_by(of.created.desc(), of.name.desc())
    else:
        of = tables.service_packages.c
        mine = (of.project == pipeline.project) & (of.service == pipeline.service)
        query = select(of.name).where(mine).order_by(of.created.desc(), of.name.desc())
    found: str | None = db.scalar(query.limit(1))
    return found
