"""Rows of comparisons, and of what two evaluations were found to differ by."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from modelyard import errors
from modelyard.evaluations.comparing.types import Comparison, ComparisonSummary
from modelyard.kernel.paging import Page, Paged
from modelyard.store.paging import page
from modelyard.store.tables import comparison_pairs, comparisons

NUMBERS = "1"
"""Names what pairs were found to differ by, where each decides at its own threshold; raised when
what is computed changes, so that what was kept before is computed anew."""
APART = ("project", "name", "description", "created", "changed")


def add(db: Connection, comparison: Comparison) -> None:
    """Insert a comparison; Conflict if its name is taken."""
    try:
        db.execute(insert(comparisons).values(_row(comparison)))
    except IntegrityError as exc:
        raise _taken(comparison.name) from exc


def get(db: Connection, project: str, name: str, *, lock: bool = False) -> Comparison:
    """Look a comparison up; NotFound if there is none."""
    of = comparisons.c
    query = select(of.body).where(_is(project, name))
    body = db.scalar(query.with_for_update() if lock else query)
    if body is None:
        known = db.scalars(select(of.name).where(of.project == project))
        raise errors.NotFound.among("comparison", name, known)
    return Comparison.model_validate_json(body)


def every(db: Connection, project: str, asked: Paged) -> Page[ComparisonSummary]:
    """The comparisons of a project by name."""
    of = comparisons.c
    query = select(of.body).where(of.project == project)
    return page(db, query, [of.name], asked, _summary)


def change(db: Connection, name: str, comparison: Comparison) -> None:
    """Write down what the comparison of a name is now; Conflict if its new name is taken."""
    mine = _is(comparison.project, name)
    try:
        db.execute(update(comparisons).where(mine).values(_row(comparison)))
    except IntegrityError as exc:
        raise _taken(comparison.name) from exc


def remove(db: Connection, project: str, name: str | None = None) -> None:
    """Delete a comparison, or all of a project."""
    mine = comparisons.c.project == project if name is None else _is(project, name)
    db.execute(delete(comparisons).where(mine))


def kept_pairs(
    db: Connection, project: str, base: str, others: Iterable[str], variant: str
) -> dict[str, str]:
    """What evaluations were found to differ by from another one, by their ids.

    Args:
        db: an open transaction.
        project: key of the project.
        base: id of the evaluation that they were compared with.
        others: their ids.
        variant: how they were compared.
    """
    of = comparison_pairs.c
    mine = (of.project == project) & (of.base == base) & (of.variant == variant)
    rows = db.execute(select(of.challenger, of.body).where(mine, of.challenger.in_(list(others))))
    return {row.challenger: row.body for row in rows}


def keep_pair(db: Connection, project: str, pair: tuple[str, str], variant: str, body: str) -> None:
    """Keep what two evaluations differ by, in place of what was kept; both have to be there."""
    of, (base, challenger) = comparison_pairs.c, pair
    mine = (of.project == project) & (of.base == base) & (of.challenger == challenger)
    db.execute(delete(comparison_pairs).where(mine, of.variant == variant))
    row = {"project": project, "base": base, "challenger": challenger, "variant": variant}
    db.execute(insert(comparison_pairs).values(**row, body=body))


def _taken(name: str) -> errors.Conflict:
    return errors.Conflict(f"there is a comparison {name!r} already; take another name")


def _is(project: str, name: str) -> ColumnElement[bool]:
    of = comparisons.c
    return (of.project == project) & (of.name == name)


def _row(comparison: Comparison) -> dict[str, Any]:
    apart = comparison.model_dump(include=set(APART))
    return {**apart, "body": comparison.model_dump_json()}


def _summary(row: Any) -> ComparisonSummary:
    found = Comparison.model_validate_json(row.body)
    shared = found.model_dump(exclude={"items"})
    return ComparisonSummary(**shared, items=len(found.items))
