"""Rows of monitoring scopes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from modelyard import errors
from modelyard.kernel.paging import Page, Paged
from modelyard.kernel.values import now
from modelyard.monitoring.scopes.types import Scope
from modelyard.store.database import upsert
from modelyard.store.paging import page
from modelyard.store.tables import scope_tokens, scopes


def add(db: Connection, scope: Scope) -> None:
    """Insert a scope; Conflict if its name is taken."""
    row = {"project": scope.project, "name": scope.name, **_columns(scope)}
    try:
        db.execute(insert(scopes).values(row))
    except IntegrityError as exc:
        raise errors.Conflict(
            f"there is a monitoring scope {scope.name!r} already; take another name", field="name"
        ) from exc


def get(db: Connection, project: str, name: str, *, lock: bool = False) -> Scope:
    """Look a scope up; NotFound if there is none."""
    query = _query().where(*_is(project, name))
    row = db.execute(query.with_for_update(of=scopes) if lock else query).one_or_none()
    if row is None:
        known = db.scalars(select(scopes.c.name).where(scopes.c.project == project))
        raise errors.NotFound.among("monitoring scope", name, known)
    return _built(row)


def token(db: Connection, project: str, name: str) -> str:
    """With which a scope is asked; empty: with none."""
    of = scope_tokens.c
    query = select(of.secret).where(of.project == project, of.scope == name)
    return db.scalar(query) or ""


def set_token(db: Connection, project: str, name: str, secret: str) -> None:
    """Have a scope asked with another token; empty: with none."""
    of = scope_tokens.c
    if not secret:
        db.execute(delete(scope_tokens).where(of.project == project, of.scope == name))
        return
    row = {"project": project, "scope": name, "secret": secret}
    db.execute(upsert(db, scope_tokens, row, {"secret": secret}))


def every(db: Connection, project: str, asked: Paged) -> Page[Scope]:
    """The scopes of a project by name."""
    query = _query().where(scopes.c.project == project)
    return page(db, query, [scopes.c.name], asked, _built)


def of_projects(db: Connection, projects: frozenset[str] | None) -> Iterator[Scope]:
    """The scopes of some projects; None: of all."""
    query = _query().order_by(scopes.c.project, scopes.c.name)
    if projects is not None:
        query = query.where(scopes.c.project.in_(projects))
    return map(_built, db.execute(query))


def save(db: Connection, scope: Scope) -> None:
    """Write down what a scope is now, and what was found there."""
    db.execute(update(scopes).where(*_is(scope.project, scope.name)).values(_columns(scope)))


def due(db: Connection, before: datetime, limit: int) -> list[tuple[str, str]]:
    """Scopes that nobody asked since a moment, the longest first."""
    of = scopes.c
    late = or_(of.checked.is_(None), of.checked < before)
    query = select(of.project, of.name).where(late)
    query = query.order_by(of.checked.is_not(None), of.checked).limit(limit)
    return [(row.project, row.name) for row in db.execute(query)]


def claim(db: Connection, project: str, name: str, before: datetime) -> bool:
    """Say that somebody asks a scope now; False: another worker was faster."""
    late = or_(scopes.c.checked.is_(None), scopes.c.checked < before)
    query = update(scopes).where(*_is(project, name), late).values(checked=now())
    return db.execute(query).rowcount == 1


def remove(db: Connection, project: str, name: str | None = None) -> None:
    """Delete a scope, or all of a project."""
    mine = (scopes.c.project == project,) if name is None else _is(project, name)
    db.execute(delete(scopes).where(*mine))


def _query() -> Select[Any]:
    of = (scope_tokens.c.project == scopes.c.project) & (scope_tokens.c.scope == scopes.c.name)
    has_token = scope_tokens.c.scope.is_not(None).label("has_token")
    return select(scopes.c.checked, scopes.c.body, has_token).outerjoin_from(
        scopes, scope_tokens, of
    )


def _built(row: Row[Any]) -> Scope:
    scope = Scope.model_validate_json(row.body)
    return scope.model_copy(update={"checked": row.checked, "has_token": bool(row.has_token)})


def _columns(scope: Scope) -> dict[str, Any]:
    body = scope.model_dump_json(exclude={"checked", "has_token"})
    return {"checked": scope.checked, "body": body}


def _is(project: str, name: str) -> tuple[Any, ...]:
    return scopes.c.project == project, scopes.c.name == name
