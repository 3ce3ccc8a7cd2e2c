"""The tables of checks and of what came of them."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, ForeignKeyConstraint, Index, String, Table, Text

from modelyard.store.tables.columns import Moment, metadata, project_key

checks = Table(
    "checks",
    metadata,
    project_key(),
    Column("store", String(128), primary_key=True),
    Column("name", String(128), primary_key=True),
    Column("disabled", Boolean, nullable=False),
    Column("created", Moment, nullable=False),
    Column("body", Text, nullable=False),
    ForeignKeyConstraint(
        ["project", "store"],
        ["evaluation_stores.project", "evaluation_stores.name"],
        ondelete="CASCADE",
    ),
)

check_results = Table(
    "check_results",
    metadata,
    Column("project", String(64), ForeignKey("projects.key"), primary_key=True),
    Column("id", String(40), primary_key=True),
    Column("store", String(128), nullable=False),
    Column("name", String(128), nullable=False),  # of the check
    Column("evaluation", String(32), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("evaluated", Moment, nullable=False),
    Column("created", Moment, nullable=False),
    Column("body", Text, nullable=False),
    ForeignKeyConstraint(
        ["project", "store", "name"],
        ["checks.project", "checks.store", "checks.name"],
        ondelete="CASCADE",
    ),
    ForeignKeyConstraint(
        ["project", "evaluation"], ["evaluations.project", "evaluations.id"], ondelete="CASCADE"
    ),
    Index("ix_check_results_check", "project", "store", "name", "evaluated", "created", "id"),
    Index("ix_check_results_evaluation", "project", "evaluation"),
)
