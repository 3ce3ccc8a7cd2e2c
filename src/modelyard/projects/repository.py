"""Rows of projects."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from modelyard import errors
from modelyard.kernel.paging import Page, Paged
from modelyard.projects.types import Project
from modelyard.store.paging import page
from modelyard.store.tables import projects


def add(db: Connection, project: Project) -> None:
    """Insert a project; Conflict if the key is taken."""
    try:
        db.execute(insert(projects).values(_columns(project.model_dump())))
    except IntegrityError as exc:
        raise errors.Conflict(f"there is a project {project.key!r} already") from exc


def get(db: Connection, key: str) -> Project:
    """Look a project up; NotFound if there is none."""
    row = db.execute(select(projects).where(projects.c.key == key)).one_or_none()
    if row is None:
        raise errors.NotFound.among("project", key, db.scalars(select(projects.c.key)))
    return _project(row)


def exists(db: Connection, key: str) -> bool:
    """Whether there is a project of this key."""
    return db.scalar(select(projects.c.key).where(projects.c.key == key)) is not None


def change(db: Connection, key: str, changes: dict[str, Any]) -> None:
    """Change fields of a project."""
    if changes:
        db.execute(update(projects).where(projects.c.key == key).values(_columns(changes)))


def remove(db: Connection, key: str) -> None:
    """Delete a project that holds nothing."""
    db.execute(delete(projects).where(projects.c.key == key))


def list_projects(db: Connection, among: Collection[str] | None, asked: Paged) -> Page[Project]:
    """The projects by key; only those `among` some keys, where these are given."""
    query = select(projects)
    if among is not None:
        query = query.where(projects.c.key.in_(among))
    return page(db, query, [projects.c.key], asked, _project, counted=True)


def _columns(fields: dict[str, Any]) -> dict[str, Any]:
    """Fields as their columns hold them."""
    if "variables" in fields:
        fields = {**fields, "variables": json.dumps(fields["variables"])}
    return fields


def _project(row: Row[Any]) -> Project:
    fields = {name: getattr(row, name) for name in Project.model_fields}
    return Project.model_validate({**fields, "variables": json.loads(row.variables)})
