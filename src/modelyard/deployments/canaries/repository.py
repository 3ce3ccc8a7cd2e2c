"""Rows of canaries."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from modelyard import errors
from modelyard.deployments.canaries.types import Canary
from modelyard.jobs.repository import identity_of
from modelyard.kernel.identity import Identity
from modelyard.kernel.paging import Page, Paged
from modelyard.store.paging import page
from modelyard.store.tables import canaries


def begin(db: Connection, new: Canary, identity: Identity, folder: str) -> Canary:
    """Write one down under the next number; the row of its deployment is locked."""
    numbered = select(func.max(canaries.c.number)).where(*_of(new.project, new.deployment))
    made = new.model_copy(update={"number": (db.scalar(numbered) or 0) + 1})
    row = made.model_dump(include={"project", "deployment", "number", "state"})
    as_whom = {"identity": json.dumps(asdict(identity)), "folder": folder}
    db.execute(insert(canaries).values({**row, **as_whom, "body": made.model_dump_json()}))
    return made


def keep(db: Connection, canary: Canary) -> Canary:
    """Write down how one is now."""
    mine = (*_of(canary.project, canary.deployment), canaries.c.number == canary.number)
    changes = {"state": canary.state, "body": canary.model_dump_json()}
    db.execute(update(canaries).where(*mine).values(changes))
    return canary


def newest(db: Connection, project: str, deployment: str) -> Canary | None:
    """The newest one of a deployment; None: there was none."""
    query = select(canaries.c.body).where(*_of(project, deployment))
    body = db.scalar(query.order_by(canaries.c.number.desc()).limit(1))
    return None if body is None else Canary.model_validate_json(body)


def numbered(db: Connection, project: str, deployment: str, number: int) -> Canary | None:
    """One of a deployment; None: there is none."""
    mine = (*_of(project, deployment), canaries.c.number == number)
    body = db.scalar(select(canaries.c.body).where(*mine))
    return None if body is None else Canary.model_validate_json(body)


def running(db: Connection, project: str, deployment: str) -> Canary:
    """The one that is under way; Conflict if there is none."""
    found = newest(db, project, deployment)
    if found is None or found.state != "running":
        raise errors.Conflict(
            f"no package is being tried on {deployment}: deployments show {deployment}"
        )
    return found


def under_way(db: Connection) -> list[Canary]:
    """All that are, in all projects."""
    query = select(canaries.c.body).where(canaries.c.state == "running")
    query = query.order_by(canaries.c.project, canaries.c.deployment)
    return [Canary.model_validate_json(body) for body in db.scalars(query)]


def every(db: Connection, project: str, deployment: str, asked: Paged) -> Page[Canary]:
    """Those of a deployment, the newest first."""
    query = select(canaries.c.body).where(*_of(project, deployment))

    def built(row: Any) -> Canary:
        return Canary.model_validate_json(row.body)

    return page(db, query, [canaries.c.number], asked, built, descending=True)


def asked_by(db: Connection, canary: Canary) -> tuple[Identity, str]:
    """As whom it goes on, and from which folder; Invalid if that is malformed."""
    of = canaries.c
    mine = (*_of(canary.project, canary.deployment), of.number == canary.number)
    row = db.execute(select(of.identity, of.folder).where(*mine)).one()
    return identity_of(row.identity), row.folder


def _of(project: str, deployment: str) -> tuple[Any, ...]:
    return canaries.c.project == project, canaries.c.deployment == deployment
