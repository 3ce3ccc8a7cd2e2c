"""Rows of evaluations and of the files that they keep."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select
from sqlalchemy.exc import IntegrityError

from modelyard import errors
from modelyard.analysis.names import HEADLINES
from modelyard.evaluations.types import Evaluation, EvaluationSummary
from modelyard.kernel.paging import Page, Paged
from modelyard.store.paging import page
from modelyard.store.tables import evaluation_files, evaluations


def add(db: Connection, evaluation: Evaluation, files: Mapping[str, str]) -> None:
    """Insert an evaluation with the digests of its files by their names.

    Raises:
        Conflict: its project was deleted meanwhile.
    """
    row = insert(evaluations).values(
        id=evaluation.id,
        project=evaluation.project,
        model=evaluation.model,
        version=evaluation.version,
        dataset=evaluation.dataset,
        created=evaluation.created,
        body=evaluation.model_dump_json(),
    )
    try:
        db.execute(row)
    except IntegrityError as exc:
        raise errors.Conflict(f"the project {evaluation.project!r} was deleted meanwhile") from exc
    db.execute(
        insert(evaluation_files),
        [
            {"evaluation": evaluation.id, "name": name, "sha256": digest}
            for name, digest in files.items()
        ],
    )


def get(db: Connection, project: str, identifier: str) -> Evaluation:
    """Look an evaluation up; NotFound if there is none."""
    of = evaluations.c
    body = db.scalar(select(of.body).where(of.project == project, of.id == identifier))
    if body is None:
        raise errors.NotFound(
            f"there is no evaluation {identifier!r} in project {project!r}; "
            "`modelyard evaluations list` shows them"
        )
    return Evaluation.model_validate_json(body)


def files_of(db: Connection, identifier: str) -> dict[str, str]:
    """The digests of an evaluation's files by their names."""
    of = evaluation_files.c
    found = db.execute(select(of.name, of.sha256).where(of.evaluation == identifier))
    return {row.name: row.sha256 for row in found}


def put_file(db: Connection, identifier: str, name: str, digest: str) -> set[str]:
    """Let an evaluation keep a file by a name; gives the digest of what it kept by it before."""
    of = evaluation_files.c
    mine = (of.evaluation == identifier) & (of.name == name)
    before = set(db.scalars(select(of.sha256).where(mine)))
    db.execute(delete(evaluation_files).where(mine))
    row = {"evaluation": identifier, "name": name, "sha256": digest}
    db.execute(insert(evaluation_files).values(row))
    return before


def list_all(
    db: Connection, project: str, asked: Paged, wanted: Mapping[str, str | None]
) -> Page[EvaluationSummary]:
    """The evaluations of a project that fit, newest first.

    Args:
        db: an open transaction.
        project: key of the project.
        asked: which part of the list.
        wanted: what columns have to hold; None: anything.
    """
    of = evaluations.c
    query = select(of.body).where(of.project == project)
    for name, value in wanted.items():
        if value is not None:
            query = query.where(of[name] == value)
    return page(db, query, [of.created, of.id], asked, _summary, descending=True)


def remove(db: Connection, project: str, identifier: str | None = None) -> set[str]:
    """Delete an evaluation, or all of a project; gives the digests of the files they kept."""
    of = evaluations.c
    mine = of.project == project
    if identifier is not None:
        mine &= of.id == identifier
    kept = evaluation_files.c
    ids = select(of.id).where(mine)
    digests = set(db.scalars(select(kept.sha256).where(kept.evaluation.in_(ids))))
    db.execute(delete(evaluations).where(mine))
    return digests


def _summary(row: Row[Any]) -> EvaluationSummary:
    found = Evaluation.model_validate_json(row.body)
    headline = next((found.metrics[code] for code in HEADLINES if code in found.metrics), None)
    told = {} if headline is None else headline.model_dump(include={"value", "low", "high"})
    shared = set(EvaluationSummary.model_fields) - {"rows", "diagnostics"}
    return EvaluationSummary(
        **found.model_dump(include=shared),
        **told,
        metric=None if headline is None else headline.code,
        rows=found.intake.used if found.intake else found.rows,
        diagnostics=len(found.diagnostics),
    )
