"""The tables of evaluations and of the files that they keep."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, String, Table, Text

from modelyard.store.tables.columns import Moment, metadata

evaluations = Table(
    "evaluations",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("project", String(64), ForeignKey("projects.key"), nullable=False),
    Column("model", String(128), nullable=False),
    Column("version", String(128), nullable=False),
    Column("dataset", Text, nullable=False),
    Column("created", Moment, nullable=False),
    Column("body", Text, nullable=False),
    Index("ix_evaluations_created", "project", "created", "id"),
    Index("ix_evaluations_model", "project", "model", "version"),
)

evaluation_files = Table(
    "evaluation_files",
    metadata,
    Column(
        "evaluation", String(32), ForeignKey("evaluations.id", ondelete="CASCADE"), primary_key=True
    ),
    Column("name", String(64), primary_key=True),
    Column("sha256", String(64), nullable=False, index=True),
)
