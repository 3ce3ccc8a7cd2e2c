"""The tables of what monitoring finds out from time to time: of deployments, of scopes elsewhere.

`at` is in seconds since 1970, when a stretch of activity began; `span` is its length in seconds.
"""

from __future__ import annotations

from sqlalchemy import Column, ForeignKeyConstraint, Integer, String, Table, Text

from modelyard.store.tables.columns import Moment, metadata, project_key


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

scopes = Table(
    "scopes",
    metadata,
    project_key(),
    Column("name", String(128), primary_key=True),
    Column("checked", Moment, nullable=True),
    Column("body", Text, nullable=False),  # with what was found there
)

scope_tokens = Table(  # apart, so that no backup and no list holds them
    "scope_tokens",
    metadata,
    Column("project", String(64), primary_key=True),
    Column("scope", String(128), primary_key=True),
    Column("secret", Text, nullable=False),
    ForeignKeyConstraint(
        ["project", "scope"], ["scopes.project", "scopes.name"], ondelete="CASCADE"
    ),
)
