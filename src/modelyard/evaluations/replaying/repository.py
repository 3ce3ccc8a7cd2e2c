"""Rows of replays: what lists show, and the digest of the replay."""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select
from sqlalchemy.exc import IntegrityError

from modelyard import errors
from modelyard.evaluations.replaying.types import ReplaySummary
from modelyard.kernel.paging import Page, Paged
from modelyard.store.paging import page
from modelyard.store.tables import model_replays


def add(db: Connection, summary: ReplaySummary, digest: str) -> None:
    """Insert a replay.

    Raises:
        Conflict: its saved model was deleted meanwhile.
    """
    told = summary.model_dump(include={"project", "id", "model", "version", "against", "created"})
    row = insert(model_replays).values(**told, summary=summary.model_dump_json(), sha256=digest)
    try:
        db.execute(row)
    except IntegrityError as exc:
        raise errors.Conflict(f"saved model {summary.model!r} was deleted meanwhile") from exc


def digest_of(db: Connection, project: str, identifier: str) -> str:
    """The digest of a replay; NotFound if there is none."""
    of = model_replays.c
    found = db.scalar(select(of.sha256).where(of.project == project, of.id == identifier))
    if found is None:
        raise errors.NotFound(
            f"there is no replay {identifier!r} in project {project!r}; "
            "`modelyard versions replays MODEL` shows those of a saved model"
        )
    return str(found)


def list_all(
    db: Connection, project: str, model: str, version: str | None, asked: Paged
) -> Page[ReplaySummary]:
    """The replays of a saved model, or of one version, the newest first."""
    of = model_replays.c
    query = select(of.summary).where(of.project == project, of.model == model)
    if version is not None:
        query = query.where(of.version == version)
    return page(
        db,
        query,
        [of.created, of.id],
        asked,
        lambda row: ReplaySummary.model_validate_json(row.summary),
        descending=True,
    )


def remove(db: Connection, project: str, identifier: str) -> None:
    """Delete the row of a replay."""
    of = model_replays.c
    db.execute(delete(model_replays).where(of.project == project, of.id == identifier))
