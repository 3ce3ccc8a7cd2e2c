"""Rows of checks, and of what came of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from modelyard import errors
from modelyard.kernel.paging import Page, Paged
from modelyard.monitoring.types import Check, CheckResult, CheckSummary
from modelyard.store.paging import page
from modelyard.store.tables import check_results, checks

TOLD = {"outcome", "value", "message", "evaluation"}
"""What a list of checks tells of results."""


def add(db: Connection, check: Check) -> None:
    """Insert a check.

    Raises:
        Conflict: its name is taken, or its store was deleted meanwhile.
    """
    try:
        db.execute(insert(checks).values(_columns(check)))
    except IntegrityError as exc:
        raise errors.Conflict(
            f"the store {check.store!r} has a check {check.name!r} already, or was deleted "
            "meanwhile",
            field="name",
        ) from exc


def get(db: Connection, project: str, store: str, name: str) -> Check:
    """Look a check up; NotFound if there is none."""
    body = db.scalar(select(checks.c.body).where(_is(checks, project, store, name)))
    if body is None:
        known = db.scalars(select(checks.c.name).where(_is(checks, project, store)))
        raise errors.NotFound.among("check", name, known)
    return Check.model_validate_json(body)


def of_store(db: Connection, project: str, store: str) -> list[Check]:
    """All checks of a store, by name."""
    query = select(checks.c.body).where(_is(checks, project, store)).order_by(checks.c.name)
    return [Check.model_validate_json(body) for body in db.scalars(query)]


def every(
    db: Connection, project: str, asked: Paged, store: str | None = None
) -> Page[CheckSummary]:
    """The checks of a project or a store by store and name, with their latest results."""
    results = check_results.c
    query = select(checks.c.body, results.body.label("result"))
    query = query.outerjoin_from(checks, check_results, _newest())
    query = query.where(_is(checks, project, store))
    return page(db, query, [checks.c.store, checks.c.name], asked, _summary)


def change(db: Connection, check: Check) -> None:
    """Write down what a check is now."""
    mine = _is(checks, check.project, check.store, check.name)
    db.execute(update(checks).where(mine).values(_columns(check)))


def remove(db: Connection, project: str, store: str, name: str) -> None:
    """Delete a check with what came of it."""
    db.execute(delete(checks).where(_is(checks, project, store, name)))


def keep(db: Connection, results: Iterable[CheckResult]) -> None:
    """Insert results.

    Raises:
        Conflict: a check, the store or the evaluation was deleted meanwhile.
    """
    rows = [
        {
            **each.model_dump(
                include={
                    *("project", "id", "store", "evaluation", "outcome", "evaluated", "created")
                }
            ),
            "name": each.check,
            "body": each.model_dump_json(),
        }
        for each in results
    ]
    if not rows:
        return
    try:
        db.execute(insert(check_results), rows)
    except IntegrityError as exc:
        raise errors.Conflict(
            "a check or the evaluation that was checked was deleted meanwhile; run them again"
        ) from exc


def list_results(
    db: Connection, project: str, store: str, asked: Paged, wanted: Mapping[str, str | None]
) -> Page[CheckResult]:
    """What came of the checks of a store, the newest first.

    Args:
        db: an open transaction.
        project: key of the project.
        store: name of the store.
        asked: which part of the list.
        wanted: what columns have to hold; None: anything.
    """
    of = check_results.c
    query = select(of.body).where(_is(check_results, project, store))
    for name, value in wanted.items():
        if value is not None:
            query = query.where(of[name] == value)
    return page(
        db,
        query,
        [of.created, of.id],
        asked,
        lambda row: CheckResult.model_validate_json(row.body),
        descending=True,
        counted=True,
    )


def latest(
    db: Connection, project: str | None = None, store: str | None = None
) -> list[CheckResult]:
    """What came last of each check that is not disabled, of a store, a project or of all projects.

    That is its newest result on the newest evaluation that it was run on.
    """
    of = checks.c
    query = select(check_results.c.body).join_from(checks, check_results, _newest())
    query = query.where(checks.c.disabled.is_(False))
    for column, value in ((of.project, project), (of.store, store)):
        if value is not None:
            query = query.where(column == value)
    query = query.order_by(of.project, of.store, of.name)
    return [CheckResult.model_validate_json(body) for body in db.scalars(query)]


def _newest() -> ColumnElement[bool]:
    """The result is the newest on the newest evaluation of its check: one look into the index."""
    of = check_results.alias().c
    mine = (
        (of.project == checks.c.project) & (of.store == checks.c.store) & (of.name == checks.c.name)
    )
    last = select(of.id).where(mine).order_by(of.evaluated.desc(), of.created.desc(), of.id.desc())
    newest = last.limit(1).correlate(checks).scalar_subquery()
    return (check_results.c.project == checks.c.project) & (check_results.c.id == newest)


def _columns(check: Check) -> dict[str, Any]:
    told = check.model_dump(include={"project", "store", "name", "disabled", "created"})
    return {**told, "body": check.model_dump_json()}


def _is(table: Any, project: str, store: str | None, name: str | None = None) -> Any:
    wanted: ColumnElement[bool] = table.c.project == project
    if store is not None:
        wanted &= table.c.store == store
    return wanted if name is None else wanted & (table.c.name == name)


def _summary(row: Row[Any]) -> CheckSummary:
    check = Check.model_validate_json(row.body)
    told = {}
    if row.result is not None:
        result = CheckResult.model_validate_json(row.result)
        told = {**result.model_dump(include=TOLD), "checked": result.created}
    return CheckSummary(**check.model_dump(), **told)
