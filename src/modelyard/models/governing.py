"""What governance is told of saved models and their versions."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from pydantic import JsonValue
from sqlalchemy import Connection, select

from modelyard.governance.items.facts import Asked, Fact
from modelyard.governance.items.ids import id_of
from modelyard.governance.policies.evidence import Activated, Parts, Path, Paths
from modelyard.kernel.context import Context
from modelyard.store.among import Among
from modelyard.store.bodies import text_in
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


def evidence(db: Connection, paths: Paths) -> Iterator[tuple[Path, Parts]]:
    """Which files versions have, what their scans said, and which versions were active when."""
    theirs = {path[:2] for path in paths}
    of = models.c
    query = select(of.project, of.name, of.active_version)
    rows = db.execute(query.where(Among((of.project, of.name), theirs)))
    active = {(row.project, row.name): row.active_version for row in rows}
    there = [(*path, name) for path, name in active.items() if name is not None]
    files = _files(db, {*paths, *there})
    activated = _activated(db, theirs)
    for path in paths:
        model, version = path[:2], active.get(path[:2])
        parts: Parts = {"active": version, "activations": tuple(activated[model])}
        if path in files:
            parts["files"], parts["verdict"] = files[path]
        if version not in (None, path[2]) and (*model, version) in files:
            parts["active_files"], _ = files[*model, version]
        yield path, parts


def _files(db: Connection, paths: Collection[Path]) -> dict[Path, tuple[str, str]]:
    """The digest of the files of versions, and the verdict of their scan."""
    of, wanted = versions.c, list(paths)
    columns = (of.project, of.model, of.version)
    found = {}
    for start in range(0, len(wanted), AT_ONCE):
        mine = Among(columns, wanted[start : start + AT_ONCE])
        said = (text_in(db, of.body, "digest"), text_in(db, of.body, "scan", "verdict"))
        for row in db.execute(select(*columns, *said).where(mine)):
            project, model, version, digest, verdict = row
            found[project, model, version] = (digest, verdict)
    return found


def _activated(
    db: Connection, theirs: Collection[tuple[str, str]]
) -> dict[tuple[str, str], list[Activated]]:
    """Which versions of models became active when, the oldest first."""
    of = activations.c
    found: dict[tuple[str, str], list[Activated]] = defaultdict(list)
    query = select(of.project, of.model, of.version, of.activated)
    query = query.where(Among((of.project, of.model), theirs)).order_by(of.number)
    for row in db.execute(query):
        found[row.project, row.model].append(Activated(version=row.version, at=row.activated))
    return found


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
    for row in db.execute(query.where(Among((of.project, of.model, of.version), paths))):
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
