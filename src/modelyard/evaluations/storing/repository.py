"""Rows of evaluation stores."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, Select, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from modelyard import errors
from modelyard.evaluations.storing.types import EvaluationStore
from modelyard.kernel.paging import Page, Paged
from modelyard.store.paging import page
from modelyard.store.tables import evaluation_stores, evaluations

CHANGED = {"description", "reference", "check_each", "governed"}
STORED = {"project", "name", "created", "created_by"} | CHANGED


def add(db: Connection, store: EvaluationStore) -> None:
    """Insert a store; Conflict if its name is taken."""
    try:
        db.execute(insert(evaluation_stores).values(store.model_dump(include=STORED)))
    except IntegrityError as exc:
        raise errors.Conflict(
            f"there is an evaluation store {store.name!r} already; take another name"
        ) from exc


def get(db: Connection, project: str, name: str) -> EvaluationStore:
    """Look a store up; NotFound if there is none."""
    row = db.execute(_query(project).where(evaluation_stores.c.name == name)).one_or_none()
    if row is None:
        of = evaluation_stores.c
        known = db.scalars(select(of.name).where(of.project == project))
        raise errors.NotFound.among("evaluation store", name, known)
    return _store(row)


def every(db: Connection, project: str, asked: Paged) -> Page[EvaluationStore]:
    """The stores of a project by name."""
    return page(db, _query(project), [evaluation_stores.c.name], asked, _store)


def change(db: Connection, store: EvaluationStore) -> None:
    """Write down what a store is now."""
    db.execute(
        update(evaluation_stores)
        .where(_is(store.project, store.name))
        .values(store.model_dump(include=CHANGED))
    )


def remove(db: Connection, project: str, name: str | None = None) -> None:
    """Delete a store that is empty, or all of a project."""
    db.execute(delete(evaluation_stores).where(_is(project, name)))


def forget_reference(db: Connection, project: str, identifier: str) -> None:
    """Let no store name an evaluation that is deleted."""
    of = evaluation_stores.c
    mine = (of.project == project) & (of.reference == identifier)
    db.execute(update(evaluation_stores).where(mine).values(reference=None))


def _is(project: str, name: str | None) -> Any:
    of = evaluation_stores.c
    return (of.project == project) if name is None else (of.project == project) & (of.name == name)


def _query(project: str) -> Select[Any]:
    of, inside = evaluation_stores.c, evaluations.c
    mine = (inside.project == of.project) & (inside.store == of.name)
    newest = select(inside.id).where(mine).order_by(inside.created.desc(), inside.id.desc())
    return select(
        evaluation_stores,
        select(func.count()).select_from(evaluations).where(mine).scalar_subquery().label("inside"),
        newest.limit(1).scalar_subquery().label("latest"),
        select(func.max(inside.created)).where(mine).scalar_subquery().label("latest_created"),
    ).where(of.project == project)


def _store(row: Row[Any]) -> EvaluationStore:
    return EvaluationStore(
        **{name: getattr(row, name) for name in STORED},
        evaluations=row.inside,
        latest=row.latest,
        latest_created=row.latest_created,
    )
