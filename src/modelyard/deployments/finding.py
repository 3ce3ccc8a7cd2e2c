"""How deployments are found."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, select

from modelyard.deployments.infrastructures.access import seen_by
from modelyard.kernel.context import Context
from modelyard.store.bodies import text_in
from modelyard.store.finding import Hit, Wanted, best
from modelyard.store.tables import bundles, deployments, infrastructures


def find_bundles(_context: Context, db: Connection, wanted: Wanted) -> Iterator[Hit]:
    """By name and release notes."""
    of = bundles.c
    notes = text_in(db, of.summary, "notes")
    query = select(of.project, of.name, notes.label("notes"))
    for row in best(db, wanted, query, name=of.name, said=[notes], project=of.project):
        yield Hit(row.rank, row.name, row.project, about=row.notes)


def find_deployments(context: Context, db: Connection, wanted: Wanted) -> Iterator[Hit]:
    """By name, by what is deployed and by where, on infrastructures that whoever asks may see."""
    of, on = deployments.c, infrastructures.c
    query = select(of.project, of.name, of.target, of.infrastructure, on.stage).join(
        infrastructures, on.name == of.infrastructure
    )
    seen = seen_by(context, db)
    if seen is not None:
        query = query.where(seen)
    said = [of.target, of.infrastructure, on.stage]
    for row in best(db, wanted, query, name=of.name, said=said, project=of.project):
        about = f"{row.target} on {row.infrastructure}, {row.stage}"
        yield Hit(row.rank, row.name, row.project, about=about)


def find_infrastructures(context: Context, db: Connection, wanted: Wanted) -> Iterator[Hit]:
    """By name, stage and description, of those that whoever asks may see."""
    of = infrastructures.c
    described = text_in(db, of.body, "description")
    query = select(of.name, of.stage, described.label("described"))
    seen = seen_by(context, db)
    if seen is not None:
        query = query.where(seen)
    for row in best(db, wanted, query, name=of.name, said=[of.stage, described]):
        yield Hit(row.rank, row.name, about=row.described or row.stage)
