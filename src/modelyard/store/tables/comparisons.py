"""The tables of comparisons, and of what pairs of evaluations were found to differ by."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKeyConstraint, Index, String, Table, Text

from modelyard.store.tables.columns import Moment, metadata, project_key

comparisons = Table(
    "comparisons",
    metadata,
    project_key(),
    Column("name", String(128), primary_key=True),
    Column("description", Text, nullable=False),
    Column("created", Moment, nullable=False),
    Column("changed", Moment, nullable=False),
    Column("body", Text, nullable=False),
)


def _of_evaluation(column: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["project", column],
        ["evaluations.project", "evaluations.id"],
        name=f"fk_comparison_pairs_{column}",
        ondelete="CASCADE",
    )


comparison_pairs = Table(
    "comparison_pairs",
    metadata,
    Column("project", String(64), primary_key=True),
    Column("base", String(32), primary_key=True),
    Column("challenger", String(32), primary_key=True),
    Column("variant", String(64), primary_key=True),  # how they were compared
    Column("body", Text, nullable=False),
    _of_evaluation("base"),
    _of_evaluation("challenger"),
    Index("ix_comparison_pairs_challenger", "project", "challenger"),
)
