"""Single facts of saved models and versions, without the whole of what is known of them."""

from __future__ import annotations

from sqlalchemy import Connection, select

from modelyard import errors
from modelyard.runtime.types import PredictionType
from modelyard.store.bodies import text_in
from modelyard.store.tables import models, versions


def kind_of_version(db: Connection, project: str, model: str, version: str) -> PredictionType:
    """What a version predicts.

    Raises:
        NotFound: there is no such saved model, or it has no such version.
    """
    of, mine = models.c, versions.c
    wanted = select(of.prediction_type).where(of.project == project, of.name == model)
    kind: PredictionType | None = db.scalar(wanted)
    if kind is None:
        known = db.scalars(select(of.name).where(of.project == project))
        raise errors.NotFound.among("saved model", model, known)
    there = db.scalars(
        select(mine.version).where(mine.project == project, mine.model == model)
    ).all()
    if version not in there:
        raise errors.NotFound.among(f"version of {model!r} named", version, there)
    return kind


def digest_of_version(db: Connection, project: str, model: str, version: str) -> str | None:
    """The digest over its files; none: there is no such version."""
    of = versions.c
    mine = (of.project == project) & (of.model == model) & (of.version == version)
    return db.scalar(select(text_in(db, of.body, "digest")).where(mine))


def active_versions(db: Connection, project: str) -> dict[str, str | None]:
    """The active version of each saved model of a project."""
    of = models.c
    query = select(of.name, of.active_version).where(of.project == project)
    return {row.name: row.active_version for row in db.execute(query)}
