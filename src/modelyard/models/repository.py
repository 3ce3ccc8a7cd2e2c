"""Rows of saved models, versions, their files and verifications."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Table, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from modelyard import errors
from modelyard.models.types import (
    ModelVersion,
    SavedModel,
    StoredFile,
    Usage,
    Verification,
)
from modelyard.store.tables import files, models, recipes, verifications, versions

DERIVED = {"active", "verifications"}
"""Fields of a version that come from other rows."""


def add_model(db: Connection, model: SavedModel) -> None:
    """Insert a saved model; Conflict if the name is taken, NotFound if the project is not there."""
    row = model.model_dump(exclude={"versions"})
    try:
        db.execute(insert(models).values(row))
    except IntegrityError as exc:
        raise errors.Conflict(
            f"there is a saved model {model.name!r} in project {model.project!r} already; "
            "import a version into it, or choose another name"
        ) from exc


def get_model(db: Connection, project: str, name: str) -> SavedModel:
    """Look a saved model up; NotFound if there is none."""
    row = db.execute(_models().where(models.c.project == project, models.c.name == name)).first()
    if row is None:
        known = db.scalars(select(models.c.name).where(models.c.project == project))
        raise errors.NotFound.among(f"saved model in project {project!r} named", name, known)
    return _model(row)


def list_models(db: Connection, project: str) -> list[SavedModel]:
    """The saved models of a project, by name."""
    query = _models().where(models.c.project == project).order_by(models.c.name)
    return [_model(row) for row in db.execute(query)]


def describe_model(db: Connection, project: str, name: str, description: str) -> None:
    """Change the description of a saved model."""
    db.execute(
        update(models)
        .where(models.c.project == project, models.c.name == name)
        .values(description=description)
    )


def delete_model(db: Connection, project: str, name: str) -> None:
    """Delete a saved model that has no versions."""
    db.execute(delete(models).where(models.c.project == project, models.c.name == name))


def set_active(db: Connection, project: str, model: str, version: str | None) -> None:
    """Name the active version."""
    db.execute(
        update(models)
        .where(models.c.project == project, models.c.name == model)
        .values(active_version=version)
    )


def revision(db: Connection, project: str, model: str, version: str) -> str | None:
    """What a version's row was last written as; None if there is no such version."""
    found: str | None = db.scalar(
        select(versions.c.revision).where(_at(versions, project, model, version))
    )
    return found


def put_version(
    db: Connection,
    version: ModelVersion,
    kept: Sequence[StoredFile],
    *,
    revision_now: str,
    revision_seen: str | None,
) -> None:
    """Insert a version with the artifacts it keeps, in place of the one that was seen before.

    Raises:
        Conflict: the version was written by somebody else since `revision_seen`.
    """
    key = (version.project, version.model, version.version)
    if revision(db, *key) != revision_seen:
        raise errors.Conflict(
            f"version {version.version!r} of {version.model!r} was imported by somebody else "
            "meanwhile; look at it, then import again or choose another version id"
        )
    db.execute(delete(versions).where(_at(versions, *key)))
    try:
        db.execute(insert(versions).values(revision=revision_now, **_row(version)))
    except IntegrityError as exc:
        raise errors.Conflict(f"saved model {version.model!r} was deleted meanwhile") from exc
    names = dict(zip(("project", "model", "version"), key, strict=True))
    db.execute(insert(files), [{**names, **file.model_dump()} for file in kept])


def save_version(db: Connection, version: ModelVersion, *, revision_now: str) -> None:
    """Write a version's changed facts."""
    where = _at(versions, version.project, version.model, version.version)
    db.execute(update(versions).where(where).values(revision=revision_now, **_row(version)))


def get_version(db: Connection, project: str, model: str, version: str | None) -> ModelVersion:
    """Look a version up, the active one when none is named.

    Raises:
        NotFound: there is no such model or version, or no version is active.
    """
    saved = get_model(db, project, model)
    wanted = version or saved.active_version
    if wanted is None:
        raise errors.NotFound(
            f"saved model {model!r} has no active version; name one, or activate one with: "
            f"modelyard versions activate {model} VERSION"
        )
    row = db.execute(select(versions).where(_at(versions, project, model, wanted))).first()
    if row is None:
        where = (versions.c.project == project) & (versions.c.model == model)
        known = db.scalars(select(versions.c.version).where(where))
        raise errors.NotFound.among(f"version of {model!r} named", wanted, known)
    checks = db.scalars(
        select(verifications.c.body)
        .where(_at(verifications, project, model, wanted))
        .order_by(verifications.c.checked.desc())
    )
    return _version(row, saved, tuple(map(Verification.model_validate_json, checks)))


def list_versions(db: Connection, project: str, model: str) -> list[ModelVersion]:
    """The versions of a saved model without their verifications, newest first."""
    saved = get_model(db, project, model)
    query = (
        select(versions)
        .where(versions.c.project == project, versions.c.model == model)
        .order_by(versions.c.imported.desc(), versions.c.version)
    )
    return [_version(row, saved, ()) for row in db.execute(query)]


def delete_versions(db: Connection, project: str, model: str, names: Iterable[str]) -> None:
    """Delete versions with their files' rows and verifications."""
    for name in names:
        db.execute(delete(versions).where(_at(versions, project, model, name)))


def kept_digests(db: Connection, project: str, model: str, version: str) -> set[str]:
    """The artifacts that a version keeps."""
    return set(db.scalars(select(files.c.sha256).where(_at(files, project, model, version))))


def folder_digest(db: Connection, project: str, model: str, version: str) -> str | None:
    """The digest over a version's files, if there is such a version."""
    body = db.scalar(select(versions.c.body).where(_at(versions, project, model, version)))
    return None if body is None else str(json.loads(body)["digest"])


def unreferenced(db: Connection, digests: Iterable[str]) -> set[str]:
    """Those of the digests that no version keeps."""
    wanted = set(digests)
    return wanted - set(db.scalars(select(files.c.sha256).where(files.c.sha256.in_(wanted))))


def record_verification(
    db: Connection, project: str, model: str, version: str, check: Verification
) -> None:
    """Keep the latest check for an env, a host and a scoring engine."""
    key = {"env": check.env, "host": check.host, "scoring_engine": check.scoring_engine}
    where = _at(verifications, project, model, version)
    for name, value in key.items():
        where &= verifications.c[name] == value
    db.execute(delete(verifications).where(where))
    names = {"project": project, "model": model, "version": version, **key}
    row = {**names, "checked": check.checked, "body": check.model_dump_json()}
    db.execute(insert(verifications).values(row))


def usages(db: Connection, project: str, model: str) -> list[Usage]:
    """The recipes that use a saved model, by name."""
    query = (
        select(recipes.c.name, recipes.c.body)
        .where(recipes.c.project == project, recipes.c.model == model)
        .order_by(recipes.c.name)
    )
    return [
        Usage(recipe=name, kind="scoring run", version=json.loads(body)["command"].get("version"))
        for name, body in db.execute(query)
    ]


def _models() -> Any:
    counted = (
        select(func.count())
        .where(versions.c.project == models.c.project, versions.c.model == models.c.name)
        .scalar_subquery()
    )
    return select(models, counted.label("versions"))


def _model(row: Row[Any]) -> SavedModel:
    return SavedModel.model_validate(dict(row._mapping))


def _row(version: ModelVersion) -> dict[str, Any]:
    return {
        "project": version.project,
        "model": version.model,
        "version": version.version,
        "env": version.env.id,
        "imported": version.imported,
        "body": version.model_dump_json(exclude=DERIVED),
    }


def _version(row: Row[Any], saved: SavedModel, checks: tuple[Verification, ...]) -> ModelVersion:
    active = saved.active_version == row.version
    body = json.loads(row.body)
    return ModelVersion.model_validate({**body, "active": active, "verifications": checks})


def _at(table: Table, project: str, model: str, version: str) -> ColumnElement[bool]:
    columns = table.c
    return (columns.project == project) & (columns.model == model) & (columns.version == version)
