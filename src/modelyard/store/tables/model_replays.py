"""The table of replays: what lists show; the replay itself is an artifact."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKeyConstraint, Index, String, Table, Text

from modelyard.store.tables.columns import Moment, metadata

model_replays = Table(
    "model_replays",
    metadata,
    Column("project", String(64), primary_key=True),
    Column("id", String(32), primary_key=True),
    Column("model", String(128), nullable=False),
    Column("version", String(128), nullable=False),
    Column("against", String(128), nullable=False),
    Column("created", Moment, nullable=False),
    Column("summary", Text, nullable=False),
    Column("sha256", String(64), nullable=False, index=True),
    ForeignKeyConstraint(
        ["project", "model"], ["models.project", "models.name"], ondelete="CASCADE"
    ),
    Index("ix_model_replays_created", "project", "model", "created", "id"),
)
