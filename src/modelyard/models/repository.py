"""Rows of saved models, versions, their files and verifications."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Table,
    Update,
    delete,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from modelyard import errors
from modelyard.kernel.paging import ALL, Page, Paged
from modelyard.models.facts import reference_of_version
from modelyard.models.types import (
    ModelVersion,
    SavedModel,
    StoredFile,
    Verification,
    VersionSummary,
)
from modelyard.runtime.types import PredictionType
from modelyard.store.among import Among
from modelyard.store.paging import matches, page, searchable
from modelyard.store.tables import (
    drift_reports,
    evaluation_files,
    evaluations,
    files,
    model_replays,
    models,
    verifications,
    versions,
)
from modelyard.store.tables.columns import Moment

DERIVED = {"active", "verifications", "reference_deleted"}
"""Fields of a version that come from other rows."""
_OF_VERSIONS = {"versions", "flavor", "changed"}
"""Fields of a saved model that come from its versions."""
_MINE = (versions.c.project == models.c.project) & (versions.c.model == models.c.name)
_LATEST = select(func.max(versions.c.imported)).where(_MINE).scalar_subquery()
_CHANGED: ColumnElement[Any] = func.coalesce(_LATEST, models.c.created, type_=Moment)
"""When the latest version was imported; else when the model was created."""
_MODEL: dict[str, ColumnElement[Any]] = {
    **{name: models.c[name] for name in SavedModel.model_fields if name not in _OF_VERSIONS},
    "versions": select(func.count()).where(_MINE).scalar_subquery(),
    "active_summary": select(versions.c.summary)
    .where(_MINE, versions.c.version == models.c.active_version)
    .scalar_subquery(),
    "changed": _CHANGED,
}
_MODELS = select(*(column.label(name) for name, column in _MODEL.items()))
"""Made once, as making it takes longer than carrying it out."""
_NEVER = datetime(1, 1, 1, tzinfo=UTC)
_SORTS: dict[str, list[ColumnElement[Any]]] = {
    "imported": [versions.c.imported, versions.c.version],
    "trained": [func.coalesce(versions.c.trained, literal(_NEVER, Moment)), versions.c.version],
    "version": [versions.c.version],
    "size": [versions.c.size, versions.c.version],
}


def add_model(db: Connection, model: SavedModel) -> None:
    """Insert a saved model; Conflict if the name is taken, NotFound if the project is not there."""
    searched = searchable(model.name, model.description)
    row = {**model.model_dump(exclude=_OF_VERSIONS), "searched": searched}
    try:
        db.execute(insert(models).values(row))
    except IntegrityError as exc:
        raise errors.Conflict(
            f"there is a saved model {model.name!r} in project {model.project!r} already; "
            "import a version into it, or choose another name"
        ) from exc


def get_model(db: Connection, project: str, name: str) -> SavedModel:
    """Look a saved model up; NotFound if there is none."""
    row = db.execute(_MODELS.where(models.c.project == project, models.c.name == name)).first()
    if row is None:
        known = db.scalars(select(models.c.name).where(models.c.project == project))
        raise errors.NotFound.among(f"saved model in project {project!r} named", name, known)
    return _model(row)


def list_models(
    db: Connection,
    project: str,
    *,
    search: str = "",
    prediction_type: PredictionType | None = None,
    sort: str = "name",
    asked: Paged = ALL,
) -> Page[SavedModel]:
    """The saved models of a project, by name or the last changed first."""
    query = _MODELS.where(models.c.project == project)
    if search:
        query = query.where(matches(models.c.searched, search))
    if prediction_type is not None:
        query = query.where(models.c.prediction_type == prediction_type)
    by_change = sort == "changed"
    by = [_CHANGED, models.c.name] if by_change else [models.c.name]
    return page(db, query, by, asked, _model, descending=by_change, counted=True)


def describe_model(db: Connection, project: str, name: str, description: str) -> None:
    """Change the description of a saved model."""
    searched = searchable(name, description)
    db.execute(_one(project, name).values(description=description, searched=searched))


def delete_model(db: Connection, project: str, name: str) -> None:
    """Delete a saved model that has no versions."""
    db.execute(delete(models).where(models.c.project == project, models.c.name == name))


def _one(project: str, name: str) -> Update:
    return update(models).where(models.c.project == project, models.c.name == name)


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
    active = active_version(db, project, model)
    wanted = version or active
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
    verified = tuple(map(Verification.model_validate_json, checks))
    told = json.loads(row.body)
    gone = told.get("reference_evaluation") and not reference_of_version(db, project, model, wanted)
    derived = {
        "active": active == wanted,
        "verifications": verified,
        "reference_deleted": bool(gone),
    }
    return ModelVersion.model_validate({**told, **derived})


def versions_at(
    db: Connection, paths: Collection[tuple[str, str, str]]
) -> dict[tuple[str, str, str], ModelVersion]:
    """Versions with what is kept in them alone: not what was verified of them, by their paths."""
    of, on = versions.c, models.c
    query = select(of.project, of.model, of.version, of.body, on.active_version)
    query = query.join(models, (on.project == of.project) & (on.name == of.model))
    query = query.where(Among((of.project, of.model, of.version), paths))
    found = {}
    for row in db.execute(query):
        is_active = json.dumps(row.active_version == row.version)
        whole = f'{row.body[:-1]},"active":{is_active}}}'  # read at once: half as long
        found[row.project, row.model, row.version] = ModelVersion.model_validate_json(whole)
    return found


def list_versions(
    db: Connection, project: str, model: str, *, search: str, sort: str, asked: Paged
) -> Page[VersionSummary]:
    """The versions of a saved model, in short."""
    active = active_version(db, project, model)
    query = select(versions.c.summary, versions.c.size).where(
        versions.c.project == project, versions.c.model == model
    )
    if search:
        query = query.where(matches(versions.c.searched, search))

    def summary(row: Row[Any]) -> VersionSummary:
        found = json.loads(row.summary)
        derived = {"active": found["version"] == active, "size": row.size}
        return VersionSummary.model_validate({**found, **derived})

    by = _SORTS[sort]
    return page(db, query, by, asked, summary, descending=sort != "version", counted=True)


def version_names(db: Connection, project: str, model: str) -> list[str]:
    """The ids of the versions of a saved model."""
    where = (versions.c.project == project) & (versions.c.model == model)
    return list(db.scalars(select(versions.c.version).where(where).order_by(versions.c.version)))


def delete_versions(db: Connection, project: str, model: str, names: Iterable[str]) -> None:
    """Delete versions with their files' rows, verifications, replays, evaluations in no store."""
    for name in names:
        db.execute(delete(model_replays).where(_replayed(project, model, name)))
        db.execute(delete(evaluations).where(_evaluated(project, model, name)))
        db.execute(delete(versions).where(_at(versions, project, model, name)))


def kept_digests(db: Connection, project: str, model: str, version: str) -> set[str]:
    """The artifacts that a version keeps."""
    return set(db.scalars(select(files.c.sha256).where(_at(files, project, model, version))))


def kept_digest(db: Connection, project: str, model: str, version: str, path: str) -> str | None:
    """The artifact that a version keeps under a path."""
    where = _at(files, project, model, version) & (files.c.path == path)
    found: str | None = db.scalar(select(files.c.sha256).where(where))
    return found


def keep_file(db: Connection, project: str, model: str, version: str, file: StoredFile) -> set[str]:
    """Let a version keep an artifact by a path; gives what it kept by it before."""
    where = _at(files, project, model, version) & (files.c.path == file.path)
    before = set(db.scalars(select(files.c.sha256).where(where)))
    db.execute(delete(files).where(where))
    names = {"project": project, "model": model, "version": version}
    db.execute(insert(files).values({**names, **file.model_dump()}))
    return before


def evaluated_digests(db: Connection, project: str, model: str, version: str) -> set[str]:
    """The artifacts of the evaluations of a version, and of their drift, which go with it."""
    mine = _evaluated(project, model, version)
    found: set[str] = set()
    for kept in (evaluation_files, drift_reports):
        query = select(kept.c.sha256).select_from(kept.join(evaluations)).where(mine)
        found |= set(db.scalars(query))
    return found


def replayed_digests(db: Connection, project: str, model: str, version: str) -> set[str]:
    """The artifacts of the replays of a version, and of those against it, which go with it."""
    query = select(model_replays.c.sha256).where(_replayed(project, model, version))
    return set(db.scalars(query))


def _replayed(project: str, model: str, version: str) -> ColumnElement[bool]:
    of = model_replays.c
    either = (of.version == version) | (of.against == version)
    return (of.project == project) & (of.model == model) & either


def _evaluated(project: str, model: str, version: str) -> ColumnElement[bool]:
    """Evaluations of a version that are in no store; those in one stay there without it."""
    return _at(evaluations, project, model, version) & evaluations.c.store.is_(None)


def folder_digest(db: Connection, project: str, model: str, version: str) -> str | None:
    """The digest over a version's files, if there is such a version."""
    body = db.scalar(select(versions.c.body).where(_at(versions, project, model, version)))
    return None if body is None else str(json.loads(body)["digest"])


def has_folder(db: Connection, digest: str) -> bool:
    """Whether a version has the files whose digest over all this is."""
    same = versions.c.body.contains(f'"digest":"{digest}"')
    return db.scalar(select(versions.c.version).where(same).limit(1)) is not None


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


def _model(row: Row[Any]) -> SavedModel:
    known = dict(zip(_MODEL, row, strict=False))
    active = known.pop("active_summary")
    known["flavor"] = json.loads(active).get("flavor") if active else None
    return SavedModel.model_validate(known)


def active_version(db: Connection, project: str, name: str) -> str | None:
    """The active version of a model; NotFound if there is no such model."""
    where = (models.c.project == project) & (models.c.name == name)
    row = db.execute(select(models.c.active_version).where(where)).first()
    active: str | None = get_model(db, project, name).active_version if row is None else row[0]
    return active


def _row(version: ModelVersion) -> dict[str, Any]:
    return {
        "project": version.project,
        "model": version.model,
        "version": version.version,
        "env": version.env.id,
        "imported": version.imported,
        "trained": version.model_file.trained,
        "size": sum(file.size for file in version.files),
        "searched": searchable(version.version, version.name, version.description),
        "summary": _summary(version).model_dump_json(exclude={"active", "size"}),
        "body": version.model_dump_json(exclude=DERIVED),
    }


def _summary(version: ModelVersion) -> VersionSummary:
    size = sum(file.size for file in version.files)
    return VersionSummary(
        version=version.version,
        active=version.active,
        flavor=version.probe.loaded.flavor,
        verdict=version.scan.verdict,
        source=version.lineage.source,
        trained=version.model_file.trained,
        imported=version.imported,
        size_mb=round(size / 1e6, 3),
        size=size,
        name=version.name,
        description=version.description,
        imported_by=version.imported_by,
    )


def _at(table: Table, project: str, model: str, version: str) -> ColumnElement[bool]:
    columns = table.c
    return (columns.project == project) & (columns.model == model) & (columns.version == version)
