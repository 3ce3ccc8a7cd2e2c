"""The tables of code envs."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, String, Table, Text

from modelyard.store.tables.columns import Moment, metadata

envs = Table(
    "envs",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("created", Moment, nullable=False),
    Column("body", Text, nullable=False),
)

env_names = Table(
    "env_names",
    metadata,
    Column("name", String(128), primary_key=True),
    Column("env", String(32), ForeignKey("envs.id", ondelete="CASCADE"), nullable=False),
)

env_requests = Table(
    "env_requests",
    metadata,
    Column("request", String(64), primary_key=True),
    Column("env", String(32), ForeignKey("envs.id", ondelete="CASCADE"), nullable=False),
    Column("body", Text, nullable=False),
)
