"""Single facts of saved models and versions, without the whole of what is known of them."""

from __future__ import annotations

import json

from sqlalchemy import Connection, select

from modelyard import errors
from modelyard.models.types import ModelVersion
from modelyard.runtime.types import PredictionType
from modelyard.store.bodies import text_in
from modelyard.store.tables import evaluations, models, versions


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


def reference_of_version(db: Connection, project: str, model: str, version: str) -> str | None:
    """The id of the evaluation that was set as its reference, if that is still there."""
    of, seen = versions.c, evaluations.c
    mine = (of.project == project) & (of.model == model) & (of.version == version)
    same = (seen.project == project) & (seen.model == model) & (seen.version == version)
    chosen = select(text_in(db, of.body, "reference_evaluation")).where(mine).scalar_subquery()
    return db.scalar(select(seen.id).where(same, seen.id == chosen))


def require_evaluation_of(db: Connection, version: ModelVersion, identifier: str) -> None:
    """Refuse an evaluation that cannot stand for a version.

    Raises:
        NotFound: there is no such evaluation.
        Invalid: it is of something else, of other files, or keeps no rows.
    """
    of = evaluations.c
    mine = (of.project == version.project) & (of.id == identifier)
    body = db.scalar(select(of.body).where(mine))
    if body is None:
        raise errors.NotFound(
            f"there is no evaluation {identifier!r} in project {version.project!r}; "
            "`modelyard evaluations list` shows them",
            field="reference_evaluation",
        )
    found = json.loads(body)
    called = f"version {version.version} of {version.model}"
    if (found["model"], found["version"]) != (version.model, version.version):
        problem = f"is not of {called}"
    elif found["version_digest"] != version.digest:
        problem = f"is of other files that {called} had before"
    elif found["sample"] is None:
        problem = "keeps no rows, so that nothing can be compared with it"
    else:
        return
    raise errors.Invalid(f"the evaluation {identifier!r} {problem}", field="reference_evaluation")


def active_versions(db: Connection, project: str) -> dict[str, str | None]:
    """The active version of each saved model of a project."""
    of = models.c
    query = select(of.name, of.active_version).where(of.project == project)
    return {row.name: row.active_version for row in db.execute(query)}
