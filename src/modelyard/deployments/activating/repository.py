"""Rows of activations of bundles, and of what projects have of their own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select

from modelyard import errors
from modelyard.deployments.activating.planning import Thing
from modelyard.deployments.activating.types import (
    ActivationReport,
    BundleActivation,
    ProjectLocals,
)
from modelyard.kernel.paging import ALL, Page, Paged
from modelyard.models.types import Verification
from modelyard.store.database import upsert
from modelyard.store.paging import page
from modelyard.store.tables import bundle_activations, bundles, project_locals

_OF = bundle_activations.c
REMEMBERED = 1000
"""Trials of versions that a project remembers."""


def last(db: Connection, project: str) -> BundleActivation | None:
    """The last activation: its bundle is the active one."""
    found = every(db, project, Paged(limit=1))
    return found[0] if found else None


def every(db: Connection, project: str, asked: Paged = ALL) -> Page[BundleActivation]:
    """The activations of a project, the newest first."""
    query = select(_OF.body).where(_OF.project == project)
    return page(db, query, [_OF.number], asked, _short, descending=True)


def get(db: Connection, project: str, number: int) -> ActivationReport:
    """What an activation did, by its number; NotFound if there is none."""
    mine = (_OF.project == project) & (_OF.number == number)
    body = db.scalar(select(_OF.body).where(mine))
    if body is None:
        raise errors.NotFound(f"there is no activation {number} of a bundle in {project!r}")
    return ActivationReport.model_validate_json(body)


def placed(db: Connection, project: str) -> dict[Thing, str | None]:
    """The rows that came with bundles, as `Plan.placed` tells them."""
    query = select(_OF.placed).where(_OF.project == project).order_by(_OF.number.desc()).limit(1)
    text = db.scalar(query)
    told = json.loads(text) if text else []
    return {Thing(table, tuple(key)): digest for table, key, digest in told}


def add(db: Connection, report: ActivationReport, rows: Mapping[Thing, str | None]) -> None:
    """Insert an activation."""
    told = [[thing.table, thing.key, digest] for thing, digest in sorted(rows.items(), key=_first)]
    shared = ("project", "number", "before", "bundle", "how", "activated", "activated_by")
    row = report.model_dump(include=set(shared))
    body = {"body": report.model_dump_json(), "placed": json.dumps(told, separators=(",", ":"))}
    db.execute(insert(bundle_activations).values({**row, **body}))


def locals_of(db: Connection, project: str) -> ProjectLocals:
    """What a project has of its own."""
    query = select(project_locals.c.body).where(project_locals.c.project == project)
    body = db.scalar(query)
    return ProjectLocals() if body is None else ProjectLocals.model_validate_json(body)


def save_locals(db: Connection, project: str, own: ProjectLocals) -> None:
    """Write down what a project has of its own."""
    change = {"body": own.model_dump_json()}
    row = {"project": project, "preloaded": "{}", **change}
    db.execute(upsert(db, project_locals, row, change))


def preloaded(db: Connection, project: str) -> dict[str, Verification]:
    """What came of loading versions here before they were activated, by `preloading.mark`."""
    query = select(project_locals.c.preloaded).where(project_locals.c.project == project)
    told = json.loads(db.scalar(query) or "{}")
    return {name: Verification.model_validate(each) for name, each in told.items()}


def save_preloaded(db: Connection, project: str, found: Mapping[str, Verification]) -> None:
    """Write down what came of loading versions; the oldest of very many are forgotten."""
    newest = sorted(found.items(), key=lambda item: item[1].checked, reverse=True)[:REMEMBERED]
    told = {name: each.model_dump(mode="json") for name, each in newest}
    change = {"preloaded": json.dumps(told)}
    row = {"project": project, "body": ProjectLocals().model_dump_json(), **change}
    db.execute(upsert(db, project_locals, row, change))


def bundle_names(db: Connection, project: str) -> list[str]:
    """The bundles that a project has."""
    return list(db.scalars(select(bundles.c.name).where(bundles.c.project == project)))


def forget_project(db: Connection, project: str) -> None:
    """Delete all of a project."""
    for table in (bundle_activations, project_locals):
        db.execute(delete(table).where(table.c.project == project))


def _first(item: tuple[Thing, Any]) -> Thing:
    return item[0]


def _short(row: Row[Any]) -> BundleActivation:
    report = ActivationReport.model_validate_json(row.body)
    return BundleActivation(
        **{name: getattr(report, name) for name in BundleActivation.model_fields}
    )
