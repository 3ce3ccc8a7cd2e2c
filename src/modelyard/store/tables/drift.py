"""The table of drift reports: what lists show; the report itself is an artifact."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, ForeignKeyConstraint, Index, String, Table, Text

from modelyard.store.tables.columns import Moment, metadata

drift_reports = Table(
    "drift_reports",
    metadata,
    Column("project", String(64), ForeignKey("projects.key"), primary_key=True),
    Column("id", String(32), primary_key=True),
    Column("evaluation", String(32), nullable=True),
    Column("model", String(128), nullable=True),
    Column("version", String(128), nullable=True),
    Column("outcome", String(16), nullable=False),
    Column("created", Moment, nullable=False),
    Column("summary", Text, nullable=False),
    Column("sha256", String(64), nullable=False, index=True),
    ForeignKeyConstraint(
        ["project", "evaluation"],
        ["evaluations.project", "evaluations.id"],
        ondelete="CASCADE",
    ),
    Index("ix_drift_reports_created", "project", "created", "id"),
    Index("ix_drift_reports_evaluation", "project", "evaluation"),
    Index("ix_drift_reports_model", "project", "model", "version"),
)
