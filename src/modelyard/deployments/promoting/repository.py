"""Rows of pipelines and promotions."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from modelyard import errors
from modelyard.deployments.promoting.types import (
    Pipeline,
    PipelineSummary,
    Promotion,
    PromotionState,
)
from modelyard.jobs.repository import identity_of
from modelyard.kernel.identity import Identity
from modelyard.kernel.paging import Page, Paged
from modelyard.store.paging import page
from modelyard.store.tables import pipelines, promotions


def add(db: Connection, pipeline: Pipeline, identity: Identity, folder: str) -> None:
    """Insert a pipeline; Conflict if its name is taken."""
    key = {"project": pipeline.project, "name": pipeline.name}
    try:
        db.execute(insert(pipelines).values({**key, **_columns(pipeline, identity, folder)}))
    except IntegrityError as exc:
        raise errors.Conflict(
            f"there is a pipeline {pipeline.name!r} already; update it, or take another name",
            field="name",
        ) from exc


def save(db: Connection, pipeline: Pipeline, identity: Identity, folder: str) -> None:
    """Write down what a pipeline is now, and whose."""
    mine = _is(pipeline.project, pipeline.name)
    db.execute(update(pipelines).where(*mine).values(_columns(pipeline, identity, folder)))


def get(db: Connection, project: str, name: str, *, lock: bool = False) -> Pipeline:
    """Look a pipeline up; NotFound if there is none."""
    query = select(pipelines.c.body).where(*_is(project, name))
    body = db.scalar(query.with_for_update() if lock else query)
    if body is None:
        known = db.scalars(select(pipelines.c.name).where(pipelines.c.project == project))
        raise errors.NotFound.among("pipeline", name, known)
    return Pipeline.model_validate_json(body)


def owner_of(db: Connection, project: str, name: str) -> tuple[Identity, str]:
    """As whom automatic steps deploy, and from which folder; Invalid if that is malformed."""
    of = pipelines.c
    row = db.execute(select(of.identity, of.folder).where(*_is(project, name))).one()
    return identity_of(row.identity), row.folder


def every(db: Connection, project: str, asked: Paged) -> Page[PipelineSummary]:
    """The pipelines of a project, by name."""
    of, theirs = pipelines.c, promotions.c
    waiting = (
        select(func.count())
        .where(theirs.project == of.project, theirs.pipeline == of.name, theirs.state == "waiting")
        .correlate(pipelines)
        .scalar_subquery()
    )
    query = select(of.name, of.body, waiting.label("waiting")).where(of.project == project)
    return page(db, query, [of.name], asked, _summary)


def everywhere(db: Connection) -> list[Pipeline]:
    """All pipelines of all projects."""
    query = select(pipelines.c.body).order_by(pipelines.c.project, pipelines.c.name)
    return [Pipeline.model_validate_json(body) for body in db.scalars(query)]


def remove(db: Connection, project: str, name: str | None = None) -> None:
    """Delete a pipeline with its promotions, or all of a project."""
    mine = pipelines.c.project == project
    db.execute(delete(pipelines).where(mine if name is None else mine & (pipelines.c.name == name)))


def begin(db: Connection, new: Promotion, identity: Identity, folder: str) -> Promotion:
    """Write down what is asked for, under the next number; the pipeline's row is locked."""
    of = promotions.c
    numbered = select(func.max(of.number)).where(*_of(new.project, new.pipeline))
    made = new.model_copy(update={"number": (db.scalar(numbered) or 0) + 1})
    row = made.model_dump(include={"project", "pipeline", "number", "step", "state"})
    as_whom = {"identity": json.dumps(asdict(identity)), "folder": folder}
    db.execute(insert(promotions).values({**row, **as_whom, "body": made.model_dump_json()}))
    return made


def keep(db: Connection, promotion: Promotion) -> Promotion:
    """Write down how a promotion is now."""
    changes = {"state": promotion.state, "body": promotion.model_dump_json()}
    mine = (*_of(promotion.project, promotion.pipeline), promotions.c.number == promotion.number)
    db.execute(update(promotions).where(*mine).values(changes))
    return promotion


def find(db: Connection, project: str, pipeline: str, number: int) -> Promotion:
    """Look a promotion up; NotFound if there is none."""
    row = db.execute(_query(project, pipeline).where(promotions.c.number == number)).one_or_none()
    if row is None:
        raise errors.NotFound(
            f"{pipeline} has no promotion {number}; see: pipelines history {pipeline}",
            number=number,
        )
    return _built(row)


def asked_by(db: Connection, promotion: Promotion) -> tuple[Identity, str]:
    """As whom it is carried out, and from which folder; Invalid if that is malformed."""
    of = promotions.c
    mine = (*_of(promotion.project, promotion.pipeline), of.number == promotion.number)
    row = db.execute(select(of.identity, of.folder).where(*mine)).one()
    return identity_of(row.identity), row.folder


def to_step(db: Connection, project: str, pipeline: str, step: str) -> list[Promotion]:
    """What was to come to a step, the newest first."""
    of = promotions.c
    query = _query(project, pipeline).where(of.step == step).order_by(of.number.desc())
    return [_built(row) for row in db.execute(query)]


def in_state(db: Connection, state: PromotionState) -> list[Promotion]:
    """All that are in a state, in all projects, the oldest first of each pipeline."""
    of = promotions.c
    query = select(of.body).where(of.state == state)
    query = query.order_by(of.project, of.pipeline, of.number)
    return [Promotion.model_validate_json(body) for body in db.scalars(query)]


def history(db: Connection, project: str, pipeline: str, asked: Paged) -> Page[Promotion]:
    """What was to come to the steps of a pipeline, the newest first."""
    by = [promotions.c.number]
    return page(db, _query(project, pipeline), by, asked, _built, descending=True)


def _query(project: str, pipeline: str) -> Select[Any]:
    return select(promotions).where(*_of(project, pipeline))


def _built(row: Row[Any]) -> Promotion:
    return Promotion.model_validate_json(row.body)


def _summary(row: Row[Any]) -> PipelineSummary:
    found = Pipeline.model_validate_json(row.body)
    told = found.model_dump(include={"project", "name", "service", "description", "owner"})
    names = tuple(step.name for step in found.steps)
    return PipelineSummary(**told, steps=names, waiting=row.waiting, changed=found.changed)


def _columns(pipeline: Pipeline, identity: Identity, folder: str) -> dict[str, Any]:
    return {
        "identity": json.dumps(asdict(identity)),
        "folder": folder,
        "changed": pipeline.changed,
        "body": pipeline.model_dump_json(),
    }


def _is(project: str, name: str) -> tuple[Any, ...]:
    return pipelines.c.project == project, pipelines.c.name == name


def _of(project: str, pipeline: str) -> tuple[Any, ...]:
    return promotions.c.project == project, promotions.c.pipeline == pipeline
