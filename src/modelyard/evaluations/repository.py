"""Rows of evaluations, of their labels and of the files that they keep."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    ScalarSelect,
    Text,
    case,
    cast,
    delete,
    func,
    insert,
    literal,
    select,
)
from sqlalchemy.exc import IntegrityError

from modelyard import errors
from modelyard.analysis.names import HEADLINES
from modelyard.evaluations.labels import place_of
from modelyard.evaluations.types import Evaluation, EvaluationSummary, Figure
from modelyard.kernel.paging import Page, Paged
from modelyard.store.among import Among
from modelyard.store.bodies import number_in
from modelyard.store.paging import page
from modelyard.store.tables import (
    drift_reports,
    evaluation_files,
    evaluation_labels,
    evaluations,
)

APART = {"labels"}
"""What is kept beside the body, since it changes."""


def add(db: Connection, evaluation: Evaluation, files: Mapping[str, str]) -> None:
    """Insert an evaluation with its labels and the digests of its files by their names.

    Raises:
        Conflict: its project or store was deleted meanwhile, or its id is taken.
    """
    row = insert(evaluations).values(
        **evaluation.model_dump(
            include={"id", "project", "store", "name", "model", "version", "dataset", "created"}
        ),
        summary=summary_of(evaluation).model_dump_json(exclude=APART),
        body=evaluation.model_dump_json(exclude=APART),
    )
    try:
        db.execute(row)
    except IntegrityError as exc:
        where = "" if evaluation.store is None else f", or its store {evaluation.store!r},"
        raise errors.Conflict(
            f"the project {evaluation.project!r}{where} was deleted meanwhile, or there is an "
            f"evaluation {evaluation.id!r} now"
        ) from exc
    named = [{"name": name, "sha256": digest} for name, digest in files.items()]
    if named:
        mine = {"project": evaluation.project, "evaluation": evaluation.id}
        db.execute(insert(evaluation_files), [mine | each for each in named])
    put_labels(db, evaluation.project, evaluation.id, evaluation.labels)


def find(db: Connection, project: str, identifier: str) -> Evaluation | None:
    """Look an evaluation up; none: there is none of this id."""
    of = evaluations.c
    query = select(of.body, _labels(db).label("labels"))
    row = db.execute(query.where(of.project == project, of.id == identifier)).one_or_none()
    return None if row is None else _evaluation(row)


def get(db: Connection, project: str, identifier: str) -> Evaluation:
    """Look an evaluation up; NotFound if there is none."""
    found = find(db, project, identifier)
    if found is None:
        raise errors.NotFound(
            f"there is no evaluation {identifier!r} in project {project!r}; "
            "`modelyard evaluations list` shows them"
        )
    return found


def put_labels(
    db: Connection, project: str, identifier: str, labels: Mapping[str, str | None]
) -> None:
    """Give an evaluation labels in place of those of the same keys; None takes one away."""
    of = evaluation_labels.c
    mine = (of.project == project) & (of.evaluation == identifier)
    db.execute(delete(evaluation_labels).where(mine, of.name.in_(labels)))
    rows = [
        {
            "project": project,
            "evaluation": identifier,
            "name": name,
            "value": value,
            "place": place_of(value),
        }
        for name, value in labels.items()
        if value is not None
    ]
    if rows:
        db.execute(insert(evaluation_labels), rows)


def files_of(db: Connection, evaluation: Evaluation) -> dict[str, str]:
    """The digests of an evaluation's files by their names."""
    of = evaluation_files.c
    query = select(of.name, of.sha256).where(_files_of(evaluation))
    return {row.name: row.sha256 for row in db.execute(query)}


def put_file(db: Connection, evaluation: Evaluation, name: str, digest: str) -> set[str]:
    """Let an evaluation keep a file by a name; gives the digest of what it kept by it before."""
    of = evaluation_files.c
    mine = _files_of(evaluation) & (of.name == name)
    before = set(db.scalars(select(of.sha256).where(mine)))
    db.execute(delete(evaluation_files).where(mine))
    row = {"evaluation": evaluation.id, "name": name, "sha256": digest}
    db.execute(insert(evaluation_files).values(project=evaluation.project, **row))
    return before


def _files_of(evaluation: Evaluation) -> ColumnElement[bool]:
    of = evaluation_files.c
    return (of.project == evaluation.project) & (of.evaluation == evaluation.id)


def list_all(
    db: Connection,
    project: str,
    asked: Paged,
    wanted: Mapping[str, str | None],
    *,
    labels: Mapping[str, str] | None = None,
    sort: str = "-created",
) -> Page[EvaluationSummary]:
    """The evaluations of a project that fit, in an order.

    Args:
        db: an open transaction.
        project: key of the project.
        asked: which part of the list.
        wanted: what columns have to hold; None: anything.
        labels: which they have to have.
        sort: created, name, label:KEY or metric:CODE, with '-' before it the other way round;
            those without the label or the metric come last.
    """
    of = evaluations.c
    query = select(of.summary, _labels(db).label("labels")).where(of.project == project)
    for name, value in wanted.items():
        if value is not None:
            query = query.where(of[name] == value)
    for name, value in (labels or {}).items():
        query = query.where(_label(name, evaluation_labels.c.value) == value)
    descending = sort.startswith("-")
    by = [*_order(db, sort.removeprefix("-"), descending=descending), of.created, of.id]
    return page(db, query, by, asked, _summary, descending=descending)


def of_versions(
    db: Connection, paths: Collection[tuple[str, str, str]]
) -> dict[tuple[str, str, str], list[EvaluationSummary]]:
    """The evaluations of some versions, by project, model and version; the newest first."""
    of = evaluations.c
    query = select(
        *(of.project, of.model, of.version, of.summary), _labels(db).label("labels")
    ).where(Among((of.project, of.model, of.version), paths))
    found: dict[tuple[str, str, str], list[EvaluationSummary]] = defaultdict(list)
    for row in db.execute(query.order_by(of.created.desc(), of.id.desc())):
        found[row.project, row.model, row.version].append(_summary(row))
    return found


def _order(db: Connection, key: str, *, descending: bool) -> list[ColumnElement[Any]]:
    """What rows are sorted by before their moments; first of all whether they have it."""
    kind, _, name = key.partition(":")
    if kind == "name":
        return [func.lower(evaluations.c.name)]
    if kind == "label":
        found: ColumnElement[Any] = _label(name, evaluation_labels.c.place)
        instead: Any = ""
    elif kind == "metric":
        found = number_in(db, evaluations.c.summary, "metrics", name, "value", otherwise=None)
        instead = 0.0
    else:
        return []
    absent, there = (0, 1) if descending else (1, 0)
    return [case((found.is_(None), absent), else_=there), func.coalesce(found, literal(instead))]


def _label(name: str, column: ColumnElement[str]) -> ScalarSelect[str]:
    """A column of the label of a key that an evaluation has, or null."""
    of = evaluation_labels.c
    mine = (of.project == evaluations.c.project) & (of.evaluation == evaluations.c.id)
    return select(column).where(mine, of.name == name).correlate(evaluations).scalar_subquery()


def _labels(db: Connection) -> ScalarSelect[str]:
    """All labels of an evaluation as one JSON object."""
    of = evaluation_labels.c
    together = func.json_group_object if db.dialect.name == "sqlite" else func.json_object_agg
    mine = (of.project == evaluations.c.project) & (of.evaluation == evaluations.c.id)
    query = select(cast(together(of.name, of.value), Text)).where(mine)
    return query.correlate(evaluations).scalar_subquery()


def remove(
    db: Connection, project: str, *, identifier: str | None = None, store: str | None = None
) -> set[str]:
    """Delete an evaluation, those of a store, or all of a project, with their drift reports.

    Gives the digests of the files they kept.
    """
    of, kept = evaluations.c, evaluation_files.c
    mine = of.project == project
    if identifier is not None:
        mine &= of.id == identifier
    if store is not None:
        mine &= of.store == store
    there = select(of.id).where(mine)
    files = (kept.project == project) & kept.evaluation.in_(there)
    reports = drift_reports.c
    compared = (reports.project == project) & reports.evaluation.in_(there)
    digests = set(db.scalars(select(kept.sha256).where(files)))
    digests |= set(db.scalars(select(reports.sha256).where(compared)))
    db.execute(delete(evaluations).where(mine))
    return digests


def summary_of(evaluation: Evaluation) -> EvaluationSummary:
    """An evaluation as one line of a list."""
    found = evaluation
    code = next((code for code in HEADLINES if code in found.metrics), None)
    if code is None and found.kind == "custom":
        code = next(iter(found.metrics), None)
    told = {} if code is None else found.metrics[code].model_dump(include=set(Figure.model_fields))
    apart = {"rows", "diagnostics", "metrics"}
    return EvaluationSummary(
        **found.model_dump(include=set(EvaluationSummary.model_fields) - apart),
        **told,
        metric=code,
        metrics={
            name: Figure(value=each.value, low=each.low, high=each.high)
            for name, each in found.metrics.items()
        },
        rows=found.intake.used if found.intake else found.rows,
        diagnostics=len(found.diagnostics),
    )


def _evaluation(row: Row[Any]) -> Evaluation:
    found = Evaluation.model_validate_json(row.body)
    return found.model_copy(update={"labels": _read_labels(row.labels)})


def _summary(row: Row[Any]) -> EvaluationSummary:
    # Read at once: a list of a thousand takes half as long as with labels added to each.
    whole = f'{row.summary[:-1]},"labels":{row.labels or "{}"}}}'
    return EvaluationSummary.model_validate_json(whole)


def _read_labels(text: str | None) -> dict[str, str]:
    return dict(sorted(json.loads(text or "{}").items()))
