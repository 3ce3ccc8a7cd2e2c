"""The tables of what monitoring finds out of deployments from time to time.

`at` is in seconds since 1970, when a stretch of activity began; `span` is its length in seconds.
"""

from __future__ import annotations

from sqlalchemy import Column, ForeignKeyConstraint, Integer, String, Table, Text

from modelyard.store.tables.columns import Moment, metadata


def _of_deployment() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["project", "deployment"], ["deployments.project", "deployments.name"], ondelete="CASCADE"
    )


deployment_watches = Table(
    "deployment_watches",
    metadata,
    Column("project", String(64), primary_key=True),
    Column("deployment", String(128), primary_key=True),
    Column("refreshed", Moment, nullable=False),
    Column("body", Text, nullable=False),
    _of_deployment(),
)

endpoint_activity = Table(
    "endpoint_activity",
    metadata,
    Column("project", String(64), primary_key=True),
    Column("deployment", String(128), primary_key=True),
    Column("endpoint", String(128), primary_key=True),
    Column("generation", String(128), primary_key=True),
    Column("at", Integer, primary_key=True, autoincrement=False),
    Column("place", String(128), primary_key=True),  # empty: of all places together
    Column("span", Integer, nullable=False),
    Column("queries", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("refused", Integer, nullable=False),
    Column("buckets", Text, nullable=False),  # of times
    _of_deployment(),
)
