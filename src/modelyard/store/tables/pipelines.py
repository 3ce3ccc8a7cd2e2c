"""The tables of pipelines, and of what was to come to their steps."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKeyConstraint, Index, Integer, String, Table, Text

from modelyard.store.tables.columns import Moment, metadata, project_key

pipelines = Table(
    "pipelines",
    metadata,
    project_key(),
    Column("name", String(128), primary_key=True),
    Column("identity", Text, nullable=False),  # as whom automatic steps deploy
    Column("folder", Text, nullable=False),
    Column("changed", Moment, nullable=False),
    Column("body", Text, nullable=False),
)

promotions = Table(
    "promotions",
    metadata,
    Column("project", String(64), primary_key=True),
    Column("pipeline", String(128), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("step", String(128), nullable=False),
    Column("state", String(16), nullable=False),
    Column("identity", Text, nullable=False),  # as whom it is carried out
    Column("folder", Text, nullable=False),
    Column("body", Text, nullable=False),
    ForeignKeyConstraint(
        ["project", "pipeline"], ["pipelines.project", "pipelines.name"], ondelete="CASCADE"
    ),
    Index("ix_promotions_state", "state"),
)
