"""Rows of drift reports: what lists show, and the digest of the report."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, delete, insert, select
from sqlalchemy.exc import IntegrityError

from modelyard import errors
from modelyard.evaluations.drifting.types import DriftSummary
from modelyard.kernel.paging import Page, Paged
from modelyard.store.paging import page
from modelyard.store.tables import drift_reports


def add(db: Connection, summary: DriftSummary, digest: str) -> None:
    """Insert a report.

    Raises:
        Conflict: its project or evaluation was deleted meanwhile.
    """
    told = summary.model_dump(
        include={"project", "id", "evaluation", "model", "version", "outcome", "created"}
    )
    row = insert(drift_reports).values(**told, summary=summary.model_dump_json(), sha256=digest)
    try:
        db.execute(row)
    except IntegrityError as exc:
        raise errors.Conflict(
            f"the project {summary.project!r} or the evaluation that is compared was deleted "
            "meanwhile"
        ) from exc


def digest_of(db: Connection, project: str, identifier: str) -> str:
    """The digest of a report; NotFound if there is none."""
    of = drift_reports.c
    found = db.scalar(select(of.sha256).where(of.project == project, of.id == identifier))
    if found is None:
        raise errors.NotFound(
            f"there is no drift report {identifier!r} in project {project!r}; "
            "`modelyard drift list` shows them"
        )
    return str(found)


def list_all(
    db: Connection, project: str, asked: Paged, wanted: Mapping[str, str | None]
) -> Page[DriftSummary]:
    """The reports of a project that fit, newest first.

    Args:
        db: an open transaction.
        project: key of the project.
        asked: which part of the list.
        wanted: what columns have to hold; None: anything.
    """
    of = drift_reports.c
    query = select(of.summary).where(of.project == project)
    for name, value in wanted.items():
        if value is not None:
            query = query.where(of[name] == value)
    return page(
        db,
        query,
        [of.created, of.id],
        asked,
        lambda row: DriftSummary.model_validate_json(row.summary),
        descending=True,
    )


def remove(db: Connection, project: str, identifier: str | None = None) -> set[str]:
    """Delete a report, or all of a project; gives their digests."""
    of = drift_reports.c
    mine = of.project == project
    if identifier is not None:
        mine &= of.id == identifier
    digests = set(db.scalars(select(of.sha256).where(mine)))
    db.execute(delete(drift_reports).where(mine))
    return digests
