"""What a project has, as an activation has to know it."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, Table, func, select

from modelyard.deployments.activating.incoming import things_in
from modelyard.deployments.activating.naming import things_named
from modelyard.deployments.activating.planning import Facts, Thing
from modelyard.deployments.bundling.content import BUNDLED
from modelyard.deployments.bundling.rows import portable, stored, table_of
from modelyard.store.tables import (
    activations,
    comparison_pairs,
    evaluation_gaps,
    jobs,
    model_replays,
    runs,
    service_packages,
    verifications,
)

BESIDE = (
    *(model_replays, service_packages, activations, verifications),
    *(comparison_pairs, evaluation_gaps),
)
"""Tables whose rows are in no bundle, and name things that are."""
OURS = ("bundles.%", "deployments.%")
"""Commands that bring bundles; they need nothing of the project."""


def things_here(db: Connection, project: str) -> dict[Thing, Facts]:
    """All that a project has; its rows are read one after another."""
    found: dict[Thing, Facts] = {}
    for name in BUNDLED:
        table = table_of(name)
        for row in stored(db, table, project):
            found |= things_in(table, portable(table, row))
    for table in BESIDE:
        found |= dict(_beside(db, table, project))
    return found


def _beside(db: Connection, table: Table, project: str) -> Iterator[tuple[Thing, Facts]]:
    keys = [column.name for column in table.primary_key if column.name != "project"]
    columns = [column for column in table.columns if column.name not in ("body", "summary")]
    for row in db.execute(select(*columns).where(table.c.project == project)).mappings():
        thing = Thing(table.name, tuple(str(row[name]) for name in keys))
        yield thing, Facts("", things_named(table, dict(row)))


def under_way(db: Connection, project: str) -> str | None:
    """What is at work in a project, in words; None: nothing is."""
    of = jobs.c
    waiting = (of.project == project) & of.state.in_(("queued", "running"))
    for ours in OURS:
        waiting &= of.command.notlike(ours)
    count = db.scalar(select(func.count()).where(waiting)) or 0
    if count:
        return "a job under way" if count == 1 else f"{count} jobs under way"
    scoring = (runs.c.project == project) & (runs.c.state == "running")
    return "a scoring run under way" if db.scalar(select(func.count()).where(scoring)) else None
