"""Carrying a plan out: rows are put, removed and retired in the transaction that activates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, delete, insert, select, update

from modelyard.deployments.activating.incoming import Incoming, thing_of
from modelyard.deployments.activating.naming import ACTIVE
from modelyard.deployments.activating.planning import Plan, Thing
from modelyard.deployments.bundling.content import BUNDLED, Placing
from modelyard.deployments.bundling.rows import placed, table_of
from modelyard.models import activating, repository
from modelyard.models.types import ModelVersion, Verification
from modelyard.monitoring import repository as monitoring
from modelyard.store.tables import (
    evaluation_files,
    files,
    metadata,
    models,
    verifications,
    versions,
)

AT_ONCE = 200
POINTERS = ("active_version", "previous_version")
"""Columns of a model that tell which version is active; they have a history of their own."""
STORED = (files, evaluation_files, table_of("drift_reports"))
"""Tables whose rows keep artifacts."""


def carry_out(db: Connection, plan: Plan, incoming: Incoming, placing: Placing) -> set[str]:
    """Make the rows of a project what a plan says.

    Returns:
        The digests of artifacts that rows kept which were removed or changed.
    """
    freed = set(_kept(db, placing.project, plan.remove | plan.change | plan.along))
    for table in metadata.sorted_tables:
        if table.name in BUNDLED:
            _put(db, table, plan, incoming, placing)
    gone: dict[str, list[Thing]] = {}
    for thing in sorted(plan.remove):
        gone.setdefault(thing.table, []).append(thing)
    for table in reversed(metadata.sorted_tables):
        for thing in gone.get(table.name, ()):
            db.execute(delete(table).where(_is(table, placing.project, thing)))
    _retire(db, plan, placing)
    _point(db, plan, incoming, placing)
    return freed


def _put(db: Connection, table: Table, plan: Plan, incoming: Incoming, placing: Placing) -> None:
    """Add and change rows of a table."""
    fresh = []
    for row in incoming.rows(table):
        thing = thing_of(table, row)
        if thing in plan.add:
            new = placed(table, row, placing)
            fresh.append(new | dict.fromkeys(POINTERS) if table is models else new)
        elif thing in plan.change:
            _change(db, table, thing, row, placing)
        if len(fresh) == AT_ONCE:
            db.execute(insert(table), fresh)
            fresh = []
    if fresh:
        db.execute(insert(table), fresh)


def _change(
    db: Connection, table: Table, thing: Thing, row: Mapping[str, Any], placing: Placing
) -> None:
    mine = _is(table, placing.project, thing)
    there = db.execute(select(table).where(mine)).mappings().one()
    new = placed(table, row, placing, dict(there))
    if table is models:
        new = {name: value for name, value in new.items() if name not in POINTERS}
    db.execute(update(table).where(mine).values(new))
    if table is versions:  # they told of what it was
        of = verifications.c
        same = (of.project == placing.project) & (of.model == row["model"])
        db.execute(delete(verifications).where(same & (of.version == row["version"])))


def _retire(db: Connection, plan: Plan, placing: Placing) -> None:
    """Let what is only kept be idle: no version is active, no check runs."""
    for thing in sorted(plan.keep):
        if thing.table == "models":
            key = (placing.project, thing.key[0])
            activating.set_active(db, *key, None, "bundled", placing.identity.name)
        elif thing.table == "checks":
            check = monitoring.get(db, placing.project, *thing.key)
            monitoring.change(db, check.model_copy(update={"disabled": True}))


def _point(db: Connection, plan: Plan, incoming: Incoming, placing: Placing) -> None:
    """Name the active version of each model of which the bundle tells it."""
    for thing in sorted(plan.add | plan.change):
        if thing.table == ACTIVE:
            version = incoming.things[thing].digest or None
            key = (placing.project, thing.key[0])
            activating.set_active(db, *key, version, "bundled", placing.identity.name)
    for name in sorted({thing.key[0] for thing in plan.remove if thing.table == "versions"}):
        if Thing("models", (name,)) not in plan.remove:
            activating.settle_previous(db, placing.project, name)


def folders_of(db: Connection, project: str, plan: Plan) -> set[str]:
    """The digests of loadable folders of versions that are removed or changed."""
    found = (
        repository.folder_digest(db, project, *thing.key)
        for thing in plan.remove | plan.change
        if thing.table == "versions"
    )
    return set(filter(None, found))


def record(db: Connection, version: ModelVersion, check: Verification) -> None:
    """Keep that a version was tried here before it was activated."""
    row = {
        "project": version.project,
        "model": version.model,
        "version": version.version,
        **{name: getattr(check, name) for name in ("env", "host", "scoring_engine", "checked")},
        "body": check.model_dump_json(),
    }
    of = verifications.c
    mine = (of.project == version.project) & (of.model == version.model)
    mine &= (of.version == version.version) & (of.env == check.env) & (of.host == check.host)
    db.execute(delete(verifications).where(mine, of.scoring_engine == check.scoring_engine))
    db.execute(insert(verifications).values(row))


def _kept(db: Connection, project: str, things: frozenset[Thing]) -> Iterator[str]:
    """The artifacts that some rows keep."""
    for table in STORED:
        for thing in things:
            if thing.table == table.name:
                yield from db.scalars(select(table.c.sha256).where(_is(table, project, thing)))


def _is(table: Table, project: str, thing: Thing) -> ColumnElement[bool]:
    """The row of a thing."""
    if table.name == "projects":
        return table.c.key == project
    mine = table.c.project == project
    names = BUNDLED[table.name].key
    for name, value in zip(names, thing.key, strict=True):
        mine &= table.c[name] == value
    return mine
