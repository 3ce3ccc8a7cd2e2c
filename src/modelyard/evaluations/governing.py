"""What governance is told of evaluations and of drift, as parts of versions."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from pydantic import JsonValue
from sqlalchemy import ColumnElement, Connection, Row, Select, func, or_, select, tuple_, union

from modelyard.evaluations.comparing.repository import NUMBERS
from modelyard.evaluations.looking.remembering import remembered
from modelyard.governance.items.facts import Asked, Fact, mark_of
from modelyard.governance.items.ids import id_of
from modelyard.governance.policies.evidence import Difference, Evaluated, Part
from modelyard.kernel.context import Context
from modelyard.store.tables import (
    activations,
    comparison_pairs,
    drift_reports,
    evaluation_stores,
    evaluations,
    models,
)

AT_ONCE = 200
"""Versions whose evaluations are in memory at a time."""
TOLD = ("name", "dataset", "prediction_type", "rows", "metric", "diagnostics", "created")
DRIFT = ("id", "outcome", "accuracy", "drifted", "headline", "created")
Path = tuple[str, str, str]


def facts(_context: Context, db: Connection, asked: Asked) -> Iterator[Fact]:
    """The evaluations of each version, those in stores apart, and its newest drift report.

    An approval is bound to the evaluations that are in no store: those in stores come regularly.
    """
    yield from _evaluations(db, asked)
    yield from _drift(db, asked)


def evidence(db: Connection, project: str, model: str, version: str) -> Iterator[Part]:
    """The metrics of evaluations of a version and of those that were active, and differences."""
    told = _evaluated(db, project, model, version)
    mine = tuple(told.pop(version, ()))
    yield "evaluations", mine
    yield "gaps", tuple(remembered(db.engine, project, mine))
    yield "rivals", {name: tuple(each) for name, each in told.items()}
    yield "differences", tuple(_differences(db, project, {each.id for each in mine}))


def _evaluated(
    db: Connection, project: str, model: str, version: str
) -> dict[str, list[Evaluated]]:
    """The evaluations of a version, and of those of its model that were active; by version."""
    of, past, named = evaluations.c, activations.c, models.c
    was_active = union(
        select(past.version).where(past.project == project, past.model == model),
        select(named.active_version).where(named.project == project, named.name == model),
    )
    mine = (of.project == project) & (of.model == model)
    wanted = or_(of.version == version, of.version.in_(was_active))
    found: dict[str, list[Evaluated]] = defaultdict(list)
    query = select(of.id, of.store, of.version, of.summary).where(mine, wanted)
    for row in db.execute(query.order_by(of.created, of.id)):
        told = json.loads(row.summary)
        kept = {name: told.get(name) for name in ("name", "dataset", "created")}
        files = told["version_digest"] if "version_digest" in told else _files(db, project, row.id)
        metrics = told.get("metrics", {})
        found[row.version].append(
            Evaluated(id=row.id, store=row.store, metrics=metrics, files=files, **kept)
        )
    return found


def _files(db: Connection, project: str, evaluation: str) -> str | None:
    """Which files one was made of whose summary does not say so, as those of earlier releases."""
    of = evaluations.c
    body = db.scalar(select(of.body).where(of.project == project, of.id == evaluation))
    digest: str | None = json.loads(body or "{}").get("version_digest")
    return digest


def _differences(db: Connection, project: str, mine: Collection[str]) -> Iterator[Difference]:
    """What evaluations were found to differ by from others, each at its own threshold."""
    of = comparison_pairs.c
    query = select(of.base, of.challenger, of.body).where(
        of.project == project, of.challenger.in_(mine), of.variant == NUMBERS
    )
    query = query.order_by(of.challenger, of.base)
    for row in db.execute(query) if mine else ():
        paired = json.loads(row.body).get("paired") or {}
        for each in paired.get("differences", ()):
            if each["difference"] is not None:
                told = {name: each[name] for name in ("difference", "low", "high", "verdict")}
                yield Difference(
                    evaluation=row.challenger, beside=row.base, metric=each["code"], **told
                )


def _evaluations(db: Connection, asked: Asked) -> Iterator[Fact]:
    of = evaluations.c
    told = select(of.project, of.model, of.version, of.id, of.store)
    told = told.where(of.model.is_not(None), of.version.is_not(None), _is_told())
    query = asked.within(told, "version", of.project, of.model, of.version)
    known: dict[Path, list[str]] = defaultdict(list)
    for row in () if query is None else db.execute(query.order_by(of.id)):
        known[row.project, row.model, row.version].append(f"{row.id} {row.store or ''}")
    new = []
    for path, texts in known.items():
        item, mark = id_of("version", *path), mark_of(*texts)
        if asked.has(item, "evaluations", mark) and asked.has(item, "monitoring", mark):
            yield Fact(item, "evaluations", None, mark=mark)
            yield Fact(item, "monitoring", None, mark=mark)
        else:
            new.append((path, mark))
    for start in range(0, len(new), AT_ONCE):
        yield from _summaries(db, new[start : start + AT_ONCE])


def _summaries(db: Connection, wanted: Sequence[tuple[Path, str]]) -> Iterator[Fact]:
    of = evaluations.c
    query: Select[Any] = select(of.project, of.model, of.version, of.id, of.store, of.summary)
    paths = [path for path, _ in wanted]
    query = query.where(tuple_(of.project, of.model, of.version).in_(paths), _is_told())
    found: dict[Path, list[Row[Any]]] = defaultdict(list)
    for row in db.execute(query.order_by(of.created, of.id)):
        found[row.project, row.model, row.version].append(row)
    for path, mark in wanted:
        item = id_of("version", *path)
        alone: dict[str, JsonValue] = {
            row.id: _told(row) for row in found[path] if row.store is None
        }
        yield Fact(item, "evaluations", alone, tuple(alone), mark)
        yield Fact(item, "monitoring", _by_store(found[path]), mark=mark)


def _is_told() -> ColumnElement[bool]:
    """That an evaluation is in no store that keeps to itself."""
    of, store = evaluations.c, evaluation_stores.c
    mine = (store.project == of.project) & (store.name == of.store)
    return ~select(store.name).where(mine, store.governed.is_(False)).exists()


def _by_store(rows: Sequence[Row[Any]]) -> dict[str, JsonValue]:
    """Of each store how many there are, and the first and the newest of them."""
    stores: dict[str, list[Row[Any]]] = defaultdict(list)
    for row in rows:
        if row.store is not None:
            stores[row.store].append(row)
    return {
        name: {"count": len(inside), "first": _told(inside[0]), "newest": _told(inside[-1])}
        for name, inside in stores.items()
    }


def _told(row: Row[Any]) -> dict[str, JsonValue]:
    """One evaluation; a digest stands for all that its summary says."""
    found = json.loads(row.summary)
    told = {name: found.get(name) for name in TOLD}
    metrics = {code: figure["value"] for code, figure in found.get("metrics", {}).items()}
    return {**told, "id": row.id, "metrics": metrics, "digest": mark_of(row.summary)}


def _drift(db: Connection, asked: Asked) -> Iterator[Fact]:
    """Of the reports of a version the newest one."""
    of = drift_reports.c
    newest = func.row_number().over(
        partition_by=(of.project, of.model, of.version), order_by=(of.created.desc(), of.id.desc())
    )
    told = select(of.project, of.model, of.version, of.summary, newest.label("place"))
    told = told.where(of.model.is_not(None), of.version.is_not(None))
    query = asked.within(told, "version", of.project, of.model, of.version)
    if query is None:
        return
    ranked = query.subquery()
    for row in db.execute(select(ranked).where(ranked.c.place == 1)):
        found = json.loads(row.summary)
        item = id_of("version", row.project, row.model, row.version)
        yield Fact(item, "drift", {name: found.get(name) for name in DRIFT})
