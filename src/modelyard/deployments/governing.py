"""What governance is told of bundles, of deployments, and of infrastructures."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from pydantic import JsonValue
from sqlalchemy import Column, Connection, Row, Select, select

from modelyard import errors
from modelyard.deployments.bundling.types import BundleManifest
from modelyard.deployments.deploying.policies import versions_in
from modelyard.deployments.deploying.repository import SETTINGS
from modelyard.deployments.deploying.types import ProjectSettings
from modelyard.governance.items.facts import Asked, Fact, mark_of
from modelyard.governance.items.ids import id_of
from modelyard.governance.policies.types import PastDeployment
from modelyard.kernel.context import Context
from modelyard.serving.packages.types import Manifest
from modelyard.store.among import Among
from modelyard.store.bodies import text_in
from modelyard.store.tables import (
    bundles,
    deployment_updates,
    deployments,
    infrastructure_groups,
    infrastructures,
    service_packages,
)

Readers = dict[str, tuple[str, ...] | None]
Versions = tuple[tuple[str, str, str], ...]
"""Model, version and digest of its files."""
Mapped = defaultdict[tuple[str, ...], list[str]]
"""Deployments by the path of a bundle or package that they map."""
SUMMARY = ("origin", "of_project", "notes", "created", "created_by", "digest", "signed_by")
OF_DEPLOYMENT = ("infrastructure", "kind", "stage", "target", "content", "versions", "settings")
"""What an approval of a deployment is bound to; of its health it is not."""
MOST = 1000
_INSIDE: dict[str, Versions] = {}
"""What was found in archives, by their digests, so that each is read once by a process."""


def facts(_context: Context, db: Connection, asked: Asked) -> Iterator[Fact]:
    """Bundles with the versions inside, infrastructures, deployments and how these are."""
    yield from _bundles(db, asked)
    readers = _readers(db)
    yield from _infrastructures(db, asked, readers)
    yield from _deployments(db, asked, readers)


def history(
    context: Context, db: Connection, since: datetime, infrastructure: str | None
) -> Iterator[PastDeployment]:
    """The updates since a moment that brought something about, in projects that one may see."""
    seen = context.visible_projects("deployments:read")
    for each in past(db):
        is_meant = infrastructure in (None, each.infrastructure) and each.at >= since
        if is_meant and (seen is None or each.project in seen):
            yield each


def past(db: Connection) -> Iterator[PastDeployment]:
    """Every update that succeeded and brought something about, the oldest of a deployment first.

    Those whose packages or bundle were deleted since bring no versions.
    """
    of, on = deployment_updates.c, deployments.c
    mine = (of.project == on.project) & (of.deployment == on.name)
    said = {name: text_in(db, of.body, name) for name in ("started", "actor", "settings")}
    told = (of.project, of.deployment, of.number, on.infrastructure, on.target)
    query = select(*told, *(column.label(name) for name, column in said.items()))
    query = query.join(deployments, mine).where(of.state == "succeeded")
    query = query.where(text_in(db, of.body, "kind") != "disable")
    inside: dict[tuple[str, str, str], dict[str, str]] = {}
    for row in db.execute(query.order_by(of.project, of.deployment, of.number)).all():
        content = (row.project, row.target, row.settings)
        if content not in inside:
            inside[content] = _inside(db, *content)
        yield PastDeployment(
            project=row.project,
            deployment=row.deployment,
            number=row.number,
            infrastructure=row.infrastructure,
            at=row.started,
            actor=row.actor,
            versions=inside[content],
        )


def _inside(db: Connection, project: str, target: str, settings: str) -> dict[str, str]:
    try:
        return dict(versions_in(db, project, target, SETTINGS.validate_json(settings)))
    except errors.NotFound:
        return {}


def _bundles(db: Connection, asked: Asked) -> Iterator[Fact]:
    """They never change, so each is read once."""
    of = bundles.c
    query = asked.within(select(of.project, of.name, of.sha256), "bundle", of.project, of.name)
    for row in () if query is None else db.execute(query).all():
        item = id_of("bundle", row.project, row.name)
        if asked.has(item, "bundle", row.sha256):
            yield Fact(item, "bundle", None, ("digest",), row.sha256)
            continue
        mine = (of.project == row.project) & (of.name == row.name)
        kept = db.execute(select(of.summary, of.body).where(mine)).one()
        told = json.loads(kept.summary)
        body = {name: told.get(name) for name in SUMMARY}
        body["versions"] = [
            dict(zip(("model", "version", "digest"), each, strict=True))
            for each in _in_bundle(kept.body)
        ]
        yield Fact(item, "bundle", body, ("digest",), row.sha256)


def _in_bundle(body: str) -> Versions:
    models = BundleManifest.model_validate_json(body).models
    return tuple(
        (model.model, each.version, each.digest) for model in models for each in model.versions
    )


def _in_package(body: str) -> Versions:
    models = Manifest.model_validate_json(body).models
    return tuple((each.model, each.version, each.digest) for each in models)


def _readers(db: Connection) -> Readers:
    """The groups that may see each infrastructure; None: everybody may."""
    of = infrastructure_groups.c
    groups = defaultdict(list)
    for row in db.execute(select(of.infrastructure, of.group).order_by(of.group)):
        groups[row.infrastructure].append(row.group)
    query = select(infrastructures.c.name, infrastructures.c.everybody)
    return {
        name: tuple(groups[name]) if everybody == "none" else None
        for name, everybody in db.execute(query)
    }


def _infrastructures(db: Connection, asked: Asked, readers: Readers) -> Iterator[Fact]:
    query = asked.within(select(infrastructures), "infrastructure", infrastructures.c.name)
    for row in () if query is None else db.execute(query):
        kept = json.loads(row.body)
        body: dict[str, JsonValue] = {
            "kind": row.kind,
            "stage": row.stage,
            "driver": row.driver,
            "nodes": list(kept.get("nodes", ())),
            "description": kept.get("description", ""),
        }
        item, bound = id_of("infrastructure", row.name), ("kind", "stage", "driver", "nodes")
        yield Fact(item, "infrastructure", body, bound, readers=readers.get(row.name))


def _deployments(db: Connection, asked: Asked, readers: Readers) -> Iterator[Fact]:
    of, on = deployments.c, infrastructures.c
    told: Select[Any] = select(
        *(of.project, of.name, of.infrastructure, of.target, of.health, of.settings),
        *(on.kind, on.stage),
    ).join(infrastructures, on.name == of.infrastructure)
    rows = db.execute(told.order_by(of.project, of.name)).all()
    inside = _versions(db, rows)
    of_version: dict[str, dict[str, JsonValue]] = defaultdict(dict)
    for row in rows:
        item = id_of("deployment", row.project, row.name)
        body = _told(row, inside[item])
        if asked.about is None or item in asked.about:
            theirs = readers.get(row.infrastructure)
            yield Fact(item, "deployment", body, OF_DEPLOYMENT, readers=theirs)
            yield Fact(item, "health", {"health": row.health})
        for version in inside[item]:
            where = {"infrastructure": row.infrastructure, "stage": row.stage}
            of_version[version][item] = {**where, "health": row.health}
    for version, places in of_version.items():
        if asked.about is None or version in asked.about:
            yield Fact(version, "deployments", places)


def _told(row: Row[Any], inside: dict[str, str]) -> dict[str, JsonValue]:
    settings = SETTINGS.validate_json(row.settings)
    return {
        "infrastructure": row.infrastructure,
        "kind": row.kind,
        "stage": row.stage,
        "target": row.target,
        "content": list(settings.content),
        "enabled": settings.enabled,
        "versions": dict(inside),
        "settings": mark_of(row.settings),
    }


def _versions(db: Connection, rows: Iterable[Row[Any]]) -> dict[str, dict[str, str]]:
    """The versions that each deployment maps, by the ids of their items, with their digests."""
    found: dict[str, dict[str, str]] = {}
    of_bundles: Mapped = defaultdict(list)
    of_packages: Mapped = defaultdict(list)
    for row in rows:
        item = id_of("deployment", row.project, row.name)
        found[item] = {}
        settings = SETTINGS.validate_json(row.settings)
        for name in settings.content:
            if isinstance(settings, ProjectSettings):
                of_bundles[row.project, name].append(item)
            else:
                of_packages[row.project, row.target, name].append(item)
    of, mine = bundles.c, service_packages.c
    _map(db, found, of_bundles, (of.project, of.name), (of.sha256, of.body), _in_bundle)
    path = (mine.project, mine.service, mine.name)
    _map(db, found, of_packages, path, (mine.sha256, mine.body), _in_package)
    return found


def _map(
    db: Connection,
    found: dict[str, dict[str, str]],
    wanted: Mapped,
    path: Sequence[Column[Any]],
    content: tuple[Column[str], Column[str]],
    read: Callable[[str], Versions],
) -> None:
    """Write down what is in bundles or packages for the deployments that map these.

    Args:
        db: an open transaction.
        found: gets the versions of each deployment.
        wanted: the deployments of each path.
        path: columns of the path, the project first.
        content: columns of the digest and of the body.
        read: finds the versions in a body.
    """
    digest, body = content
    there = Among(path, wanted)
    for row in db.execute(select(*path, digest).where(there)).all() if wanted else ():
        *where, sha256 = row
        if sha256 not in _INSIDE:
            if len(_INSIDE) >= MOST:
                _INSIDE.clear()
            one = Among(path, [tuple(where)])
            _INSIDE[sha256] = read(db.execute(select(body).where(one)).scalar_one())
        for model, version, files in _INSIDE[sha256]:
            for item in wanted[tuple(where)]:
                found[item][id_of("version", where[0], model, version)] = files
