"""What governance is told of evaluations and of drift, as parts of versions."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from pydantic import JsonValue
from sqlalchemy import ColumnElement, Connection, Row, Select, func, select, union

from modelyard.evaluations.comparing.repository import NUMBERS
from modelyard.evaluations.looking.remembering import kept
from modelyard.governance.items.facts import Asked, Fact, mark_of
from modelyard.governance.items.ids import id_of
from modelyard.governance.policies.evidence import Difference, Evaluated, Parts, Path, Paths
from modelyard.kernel.context import Context
from modelyard.store.among import Among
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


def facts(_context: Context, db: Connection, asked: Asked) -> Iterator[Fact]:
    """The evaluations of each version, those in stores apart, and its newest drift report.

    An approval is bound to the evaluations that are in no store: those in stores come regularly.
    """
    yield from _evaluations(db, asked)
    yield from _drift(db, asked)


def evidence(db: Connection, paths: Paths) -> Iterator[tuple[Path, Parts]]:
    """The metrics of evaluations of versions and of those that were active, and differences."""
    active = _were_active(db, {path[:2] for path in paths})
    rivals = {(*model, version) for model, names in active.items() for version in names}
    told = _evaluated(db, {*paths, *rivals})
    differences, gaps = _differences(db, paths), kept(db, paths)
    for path in paths:
        model, version = path[:2], path[2]
        mine = tuple(told.get(path, ()))
        others = ((name, told.get((*model, name))) for name in active[model] if name != version)
        parts: Parts = {
            "evaluations": mine,
            "gaps": tuple(gaps[path]),
            "rivals": {name: tuple(each) for name, each in others if each},
            "differences": tuple(differences[path]),
        }
        yield path, parts


def _were_active(
    db: Connection, theirs: Collection[tuple[str, str]]
) -> dict[tuple[str, str], list[str]]:
    """The versions of models that are or were active ones."""
    past, of = activations.c, models.c
    were = select(past.project, past.model, past.version)
    were = were.where(Among((past.project, past.model), theirs))
    are = select(of.project, of.name, of.active_version)
    are = are.where(Among((of.project, of.name), theirs))
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for project, model, version in sorted(
        row for row in db.execute(union(were, are)) if row[2] is not None
    ):
        found[project, model].append(version)
    return found


def _evaluated(db: Connection, paths: Collection[Path]) -> dict[Path, list[Evaluated]]:
    """The evaluations of versions, the oldest first."""
    of, wanted = evaluations.c, sorted(paths)
    found: dict[Path, list[Evaluated]] = defaultdict(list)
    query = select(of.project, of.model, of.version, of.id, of.store, of.summary)
    query = query.order_by(of.created, of.id)
    for start in range(0, len(wanted), AT_ONCE):
        mine = Among((of.project, of.model, of.version), wanted[start : start + AT_ONCE])
        for row in db.execute(query.where(mine)):
            told = json.loads(row.summary)
            rest = {name: told.get(name) for name in ("name", "dataset", "created")}
            is_said = "version_digest" in told
            files = told["version_digest"] if is_said else _files(db, row.project, row.id)
            found[row.project, row.model, row.version].append(
                Evaluated(
                    id=row.id, store=row.store, metrics=told.get("metrics", {}), files=files, **rest
                )
            )
    return found


def _files(db: Connection, project: str, evaluation: str) -> str | None:
    """Which files one was made of whose summary does not say so, as those of earlier releases."""
    of = evaluations.c
    body = db.scalar(select(of.body).where(of.project == project, of.id == evaluation))
    digest: str | None = json.loads(body or "{}").get("version_digest")
    return digest


def _differences(db: Connection, paths: Paths) -> dict[Path, list[Difference]]:
    """What evaluations were found to differ by from others, each at its own threshold."""
    of, on = comparison_pairs.c, evaluations.c
    query = select(on.project, on.model, on.version, of.base, of.challenger, of.body)
    query = query.join(evaluations, (on.project == of.project) & (on.id == of.challenger))
    query = query.where(
        Among((on.project, on.model, on.version), paths), of.variant == NUMBERS
    ).order_by(of.challenger, of.base)
    found: dict[Path, list[Difference]] = defaultdict(list)
    for row in db.execute(query):
        paired = json.loads(row.body).get("paired") or {}
        for each in paired.get("differences", ()):
            if each["difference"] is not None:
                told = {name: each[name] for name in ("difference", "low", "high", "verdict")}
                found[row.project, row.model, row.version].append(
                    Difference(
                        evaluation=row.challenger, beside=row.base, metric=each["code"], **told
                    )
                )
    return found


def _evaluations(db: Connection, asked: Asked) -> Iterator[Fact]:
    of = evaluations.c
    told = select(of.project, of.model, of.version, of.id, of.store)
    told = told.where(of.model.is_not(None), of.version.is_not(None), _is_told())
    query = asked.within(told, "version", of.project, of.model, of.version)
    known: dict[Path, list[Row[Any]]] = defaultdict(list)
    for row in () if query is None else db.execute(query.order_by(of.id)):
        known[row.project, row.model, row.version].append(row)
    new = []
    for path, rows in known.items():
        item, mark = id_of("version", *path), mark_of(*(f"{r.id} {r.store or ''}" for r in rows))
        if asked.has(item, "evaluations", mark) and asked.has(item, "monitoring", mark):
            alone = tuple(row.id for row in rows if row.store is None)
            yield Fact(item, "evaluations", None, alone, mark)
            yield Fact(item, "monitoring", None, mark=mark)
        else:
            new.append((path, mark))
    for start in range(0, len(new), AT_ONCE):
        yield from _summaries(db, new[start : start + AT_ONCE])


def _summaries(db: Connection, wanted: Sequence[tuple[Path, str]]) -> Iterator[Fact]:
    of = evaluations.c
    query: Select[Any] = select(of.project, of.model, of.version, of.id, of.store, of.summary)
    paths = [path for path, _ in wanted]
    query = query.where(Among((of.project, of.model, of.version), paths), _is_told())
    found: dict[Path, list[Row[Any]]] = defaultdict(list)
    for row in db.execute(query.order_by(of.created, of.id)):
        found[row.project, row.model, row.version].append(row)
    for path, mark in wanted:
        item = id_of("version", *path)
        alone: dict[str, JsonValue] = {
            row.id: _told(row) for row in found[path] if row.store is None
        }
        yield Fact(item, "evaluations", alone, tuple(sorted(alone)), mark)
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
