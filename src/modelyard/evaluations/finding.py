"""How evaluations, their stores and comparisons are found."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, func, select

from modelyard.evaluations.types import EvaluationSummary
from modelyard.evaluations.words import title_of
from modelyard.kernel.context import Context
from modelyard.store.finding import Hit, Wanted, best
from modelyard.store.tables import comparisons, evaluation_stores, evaluations


def find_evaluations(_context: Context, db: Connection, wanted: Wanted) -> Iterator[Hit]:
    """By id, name, saved model, version, dataset and store."""
    of = evaluations.c
    query = select(of.project, of.id, of.summary)
    said = [
        func.coalesce(each, "") for each in (of.name, of.model, of.version, of.dataset, of.store)
    ]
    for row in best(db, wanted, query, name=of.id, said=said, project=of.project):
        about = title_of(EvaluationSummary.model_validate_json(row.summary))
        yield Hit(row.rank, row.id, row.project, about=about)


def find_stores(_context: Context, db: Connection, wanted: Wanted) -> Iterator[Hit]:
    """By name and description."""
    of = evaluation_stores.c
    query = select(of.project, of.name, of.description)
    said = [of.description]
    for row in best(db, wanted, query, name=of.name, said=said, project=of.project):
        yield Hit(row.rank, row.name, row.project, about=row.description)


def find_comparisons(_context: Context, db: Connection, wanted: Wanted) -> Iterator[Hit]:
    """By name and description."""
    of = comparisons.c
    query = select(of.project, of.name, of.description)
    said = [of.description]
    for row in best(db, wanted, query, name=of.name, said=said, project=of.project):
        yield Hit(row.rank, row.name, row.project, about=row.description)
