"""The table of canaries."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKeyConstraint, Index, Integer, String, Table, Text

from modelyard.store.tables.columns import metadata

canaries = Table(
    "canaries",
    metadata,
    Column("project", String(64), primary_key=True),
    Column("deployment", String(128), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("state", String(16), nullable=False),
    Column("identity", Text, nullable=False),  # as whom it goes on and back
    Column("folder", Text, nullable=False),
    Column("body", Text, nullable=False),
    ForeignKeyConstraint(
        ["project", "deployment"], ["deployments.project", "deployments.name"], ondelete="CASCADE"
    ),
    Index("ix_canaries_state", "state"),
)
