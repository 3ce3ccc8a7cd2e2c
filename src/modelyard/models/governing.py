"""What governance is told of saved models and their versions."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import JsonValue
from sqlalchemy import Connection, select, tuple_

from modelyard.governance.items.facts import Asked, Fact
from modelyard.governance.items.ids import id_of
from modelyard.governance.policies.evidence import Activated, Part
from modelyard.kernel.context import Context
from modelyard.store.tables import activations, models, versions

AT_ONCE = 200
"""Versions whose bodies are in memory at a time."""
BOUND = ("digest", "prediction_type", "flavor", "env", "interpretation", "core", "scan")
"""An approval of a version is of these files, which run and are read so."""
CORE = ("target", "classes", "class_order", "threshold", "features")
LINEAGE = ("source", "run_id", "run_name", "user", "git_commit", "train_dataset", "link")


def facts(_context: Context, db: Connection, asked: Asked) -> Iterator[Fact]:
    """Each model, each version, and whether that is the active one."""
    yield from _models(db, asked)
    yield from _versions(db, asked)


def evidence(db: Connection, project: str, model: str, version: str) -> Iterator[Part]:
    """Which files a version has, what their scan said, and which versions were active when."""
    of = versions.c
    mine = (of.project == project) & (of.model == model) & (of.version == version)
    for body in db.scalars(select(of.body).where(mine)):
        found = json.loads(body)
        yield "files", found["digest"]
        yield "verdict", found["scan"]["verdict"]
    named = (models.c.project == project) & (models.c.name == model)
    active = db.scalar(select(models.c.active_version).where(named))
    yield "active", active
    theirs = (of.project == project) & (of.model == model) & (of.version == active)
    for body in db.scalars(select(of.body).where(theirs, of.version != version)):
        yield "active_files", json.loads(body)["digest"]
    past = activations.c
    query = select(past.version, past.activated).where(past.project == project, past.model == model)
    rows = db.execute(query.order_by(past.number))
    yield "activations", tuple(Activated(version=row.version, at=row.activated) for row in rows)


def _models(db: Connection, asked: Asked) -> Iterator[Fact]:
    of = models.c
    told = select(
        *(of.project, of.name, of.prediction_type, of.description, of.created, of.active_version)
    )
    query = asked.within(told, "model", of.project, of.name)
    for row in () if query is None else db.execute(query):
        body: dict[str, JsonValue] = {
            "prediction_type": row.prediction_type,
            "description": row.description,
            "created": row.created.isoformat(),
            "active_version": row.active_version,
        }
        yield Fact(id_of("model", row.project, row.name), "model", body, ("prediction_type",))


def _versions(db: Connection, asked: Asked) -> Iterator[Fact]:
    """Bodies are read of those alone that changed."""
    of = versions.c
    mine = (models.c.project == of.project) & (models.c.name == of.model)
    told = select(of.project, of.model, of.version, of.revision, models.c.active_version)
    query = asked.within(told.join(models, mine), "version", of.project, of.model, of.version)
    new = []
    for row in () if query is None else db.execute(query).all():
        item = id_of("version", row.project, row.model, row.version)
        yield Fact(item, "activation", {"active": row.active_version == row.version})
        if asked.has(item, "version", row.revision):
            yield Fact(item, "version", None, BOUND, row.revision)
        else:
            new.append((row.project, row.model, row.version))
    for start in range(0, len(new), AT_ONCE):
        yield from _bodies(db, new[start : start + AT_ONCE])


def _bodies(db: Connection, paths: Sequence[tuple[str, str, str]]) -> Iterator[Fact]:
    of = versions.c
    query = select(of.project, of.model, of.version, of.revision, of.body)
    for row in db.execute(query.where(tuple_(of.project, of.model, of.version).in_(paths))):
        item = id_of("version", row.project, row.model, row.version)
        yield Fact(item, "version", _told(row.body), BOUND, row.revision)


def _told(body: str) -> dict[str, JsonValue]:
    found = json.loads(body)
    scan, core, lineage = found["scan"], found["core"], found["lineage"]
    verdicts = Counter(finding["verdict"] for finding in scan["findings"])
    told = {
        "digest": found["digest"],
        "prediction_type": found["prediction_type"],
        "flavor": found["probe"]["loaded"]["flavor"],
        "env": found["env"]["id"],
        "interpretation": found["probe"]["interpretation"],
        "core": {name: core[name] for name in CORE},
        "scan": {"verdict": scan["verdict"], "findings": dict(verdicts)},
        "name": found["name"],
        "description": found["description"],
        "imported": found["imported"],
        "imported_by": found["imported_by"],
        "files": len(found["files"]),
        "size": sum(file["size"] for file in found["files"]),
        "golden_rows": (found["golden"] or {}).get("rows", 0),
        "lineage": {name: lineage[name] for name in LINEAGE},
        "reference_evaluation": found["reference_evaluation"],
    }
    return told | {"missing": _missing(found)}


def _missing(found: dict[str, Any]) -> list[JsonValue]:
    """What its documentation lacks."""
    there = {
        "description": found["description"],
        "target": found["core"]["target"],
        "features": found["core"]["features"],
        "input example": found["model_file"]["input_example"],
        "training dataset": found["lineage"]["train_dataset"],
        "commit": found["lineage"]["git_commit"],
    }
    return [name for name, value in there.items() if not value]
