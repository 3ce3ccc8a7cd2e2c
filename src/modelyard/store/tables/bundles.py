"""The table of bundles: those made of a project, and those imported into it."""

from __future__ import annotations

from sqlalchemy import Column, Index, String, Table, Text

from modelyard.store.tables.columns import Moment, metadata, project_key

bundles = Table(
    "bundles",
    metadata,
    project_key(),
    Column("name", String(128), primary_key=True),
    Column("origin", String(16), nullable=False),
    Column("created", Moment, nullable=False),
    Column("sha256", String(64), nullable=False, index=True),
    Column("summary", Text, nullable=False),
    Column("body", Text, nullable=False),
    Index("ix_bundles_created", "project", "created", "name"),
)
