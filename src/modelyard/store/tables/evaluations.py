"""The tables of evaluation stores, of evaluations, and of their labels, files and groups."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKeyConstraint, Index, String, Table, Text, true

from modelyard.store.tables.columns import Moment, metadata, project_key

evaluation_stores = Table(
    "evaluation_stores",
    metadata,
    project_key(),
    Column("name", String(128), primary_key=True),
    Column("description", Text, nullable=False),
    Column("reference", String(32), nullable=True),
    Column("created", Moment, nullable=False),
    Column("created_by", Text, nullable=True),
    Column("check_each", String(8), nullable=False, server_default="never"),
    Column("governed", Boolean, nullable=False, server_default=true()),  # told to governance
)

evaluations = Table(
    "evaluations",
    metadata,
    project_key(),
    Column("id", String(32), primary_key=True),
    Column("store", String(128), nullable=True),
    Column("name", Text, nullable=False),
    Column("model", String(128), nullable=True),
    Column("version", String(128), nullable=True),
    Column("dataset", Text, nullable=True),
    Column("created", Moment, nullable=False),
    Column("summary", Text, nullable=False),
    Column("body", Text, nullable=False),
    ForeignKeyConstraint(
        ["project", "store"], ["evaluation_stores.project", "evaluation_stores.name"]
    ),
    Index("ix_evaluations_created", "project", "created", "id"),
    Index("ix_evaluations_model", "project", "model", "version"),
    Index("ix_evaluations_store", "project", "store", "created"),
)


def _of_evaluation() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["project", "evaluation"], ["evaluations.project", "evaluations.id"], ondelete="CASCADE"
    )


evaluation_labels = Table(
    "evaluation_labels",
    metadata,
    Column("project", String(64), primary_key=True),
    Column("evaluation", String(32), primary_key=True),
    Column("name", String(100), primary_key=True),
    Column("value", Text, nullable=False),
    Column("place", Text, nullable=False),  # what it is sorted by
    _of_evaluation(),
    Index("ix_evaluation_labels_name", "project", "name"),
)

evaluation_files = Table(
    "evaluation_files",
    metadata,
    Column("project", String(64), primary_key=True),
    Column("evaluation", String(32), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("sha256", String(64), nullable=False, index=True),
    _of_evaluation(),
)

evaluation_gaps = Table(
    "evaluation_gaps",
    metadata,
    Column("project", String(64), primary_key=True),
    Column("evaluation", String(32), primary_key=True),
    Column("question", String(64), primary_key=True),  # hash of what was asked
    Column("variant", String(64), nullable=False),  # how it was found out
    Column("body", Text, nullable=False),
    _of_evaluation(),
)
