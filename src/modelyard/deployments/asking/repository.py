"""Rows of what came of the tests of deployments."""

from __future__ import annotations

from sqlalchemy import Connection, select

from modelyard.deployments.asking.types import TestingStatus
from modelyard.store.database import upsert
from modelyard.store.tables import deployment_tests


def keep(db: Connection, status: TestingStatus) -> None:
    """Write it down, in place of what came of those before."""
    key = {"project": status.project, "deployment": status.deployment}
    body = {"body": status.model_dump_json()}
    db.execute(upsert(db, deployment_tests, {**key, **body}, body))


def find(db: Connection, project: str, deployment: str) -> TestingStatus | None:
    """What came of the last ones; None: none were run."""
    of = deployment_tests.c
    query = select(of.body).where(of.project == project, of.deployment == deployment)
    body = db.scalar(query)
    return None if body is None else TestingStatus.model_validate_json(body)
