"""Which rows an evaluation is compared with, unless somebody says otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, select

from modelyard.evaluations import repository
from modelyard.evaluations.storing.types import Part
from modelyard.evaluations.types import Evaluation
from modelyard.kernel.context import Context
from modelyard.models.access import reference_of_version
from modelyard.models.types import ModelVersion
from modelyard.store.tables import evaluation_stores, evaluations


@dataclass(frozen=True)
class Reference:
    """An evaluation, and which of the rows that it keeps: `open_kept` opens them."""

    evaluation: Evaluation
    part: Part = "drift"


def reference_for(context: Context, evaluation: Evaluation) -> Reference | None:
    """What an evaluation is compared with.

    In this order: the reference dataset that it was given; the reference of its store; that of its
    version; the first evaluation of the same version that is in no store; the first one of it in
    the same store. One
    without a version is compared with the first one in its store that has none either. None is
    compared with itself or with one that keeps no rows; the first of all is compared with nothing.
    """
    if evaluation.reference_sample is not None:
        return Reference(evaluation, "reference")
    with context.read() as db:
        for identifier in _chosen(db, evaluation):
            found = repository.find(db, evaluation.project, identifier)
            if found is not None and found.id != evaluation.id and found.sample is not None:
                return Reference(found)
        for identifier in _own(db, evaluation):
            found = repository.get(db, evaluation.project, identifier)
            same_files = found.version_digest == evaluation.version_digest
            if found.id != evaluation.id and found.sample is not None and same_files:
                return Reference(found)
    return None


def own_of_version(db: Connection, version: ModelVersion) -> Evaluation | None:
    """The reference that a version was given, else its first evaluation that is in no store."""
    of, key = evaluations.c, (version.project, version.model, version.version)
    same = (of.project == key[0]) & (of.model == key[1]) & (of.version == key[2])
    outside = select(of.id).where(same, of.store.is_(None)).order_by(of.created, of.id)
    chosen = reference_of_version(db, *key)
    for identifier in [*([chosen] if chosen else []), *db.scalars(outside)]:
        found = repository.get(db, version.project, identifier)
        if found.version_digest == version.digest and found.kind == "model":
            return found
    return None


def _chosen(db: Connection, evaluation: Evaluation) -> Iterator[str]:
    """The id of the reference that the store was given."""
    of = evaluation_stores.c
    named = (of.project == evaluation.project) & (of.name == evaluation.store)
    yield from db.scalars(select(of.reference).where(named, of.reference.is_not(None)))


def _own(db: Connection, evaluation: Evaluation) -> Iterator[str]:
    """Ids of evaluations of the version, in the order in which they are looked at."""
    of = evaluations.c
    query = select(of.id).where(of.project == evaluation.project).order_by(of.created, of.id)
    beside = query.where(of.store == evaluation.store, of.created < evaluation.created)
    if evaluation.model is None:
        yield from db.scalars(beside.where(of.model.is_(None)))
        return
    if evaluation.version is not None:
        key = (evaluation.project, evaluation.model, evaluation.version)
        chosen = reference_of_version(db, *key)
        yield from () if chosen is None else (chosen,)
    same = (of.model == evaluation.model) & (of.version == evaluation.version)
    outside = query.where(same, of.store.is_(None))
    if evaluation.store is None:
        outside = outside.where(of.created < evaluation.created)
    yield from db.scalars(outside)
    yield from db.scalars(beside.where(same))
