"""The tables of saved models and their versions."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKeyConstraint, Index, Integer, String, Table, Text

from modelyard.store.tables.columns import Moment, metadata, project_key

models = Table(
    "models",
    metadata,
    project_key(),
    Column("name", String(128), primary_key=True),
    Column("prediction_type", String(32), nullable=False),
    Column("description", Text, nullable=False),
    Column("created", Moment, nullable=False),
    Column("active_version", String(128), nullable=True),
    Column("previous_version", String(128), nullable=True),
    Column("searched", Text, nullable=False),
)

activations = Table(
    "activations",
    metadata,
    Column("project", String(64), primary_key=True),
    Column("model", String(128), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("before", String(128), nullable=True),
    Column("version", String(128), nullable=True),
    Column("how", String(16), nullable=False),
    Column("activated", Moment, nullable=False),
    Column("activated_by", Text, nullable=False),
    ForeignKeyConstraint(
        ["project", "model"], ["models.project", "models.name"], ondelete="CASCADE"
    ),
)


def _of_version() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["project", "model", "version"],
        ["versions.project", "versions.model", "versions.version"],
        ondelete="CASCADE",
    )


versions = Table(
    "versions",
    metadata,
    Column("project", String(64), primary_key=True),
    Column("model", String(128), primary_key=True),
    Column("version", String(128), primary_key=True),
    Column("revision", String(32), nullable=False),
    Column("env", String(32), nullable=False, index=True),
    Column("imported", Moment, nullable=False),
    Column("trained", Moment, nullable=True),
    Column("size", BigInteger, nullable=False),
    Column("searched", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Column("body", Text, nullable=False),
    ForeignKeyConstraint(["project", "model"], ["models.project", "models.name"]),
    Index("ix_versions_imported", "project", "model", "imported", "version"),
)

files = Table(
    "files",
    metadata,
    Column("project", String(64), primary_key=True),
    Column("model", String(128), primary_key=True),
    Column("version", String(128), primary_key=True),
    Column("path", String(1024), primary_key=True),
    Column("sha256", String(64), nullable=False, index=True),
    Column("size", BigInteger, nullable=False),
    _of_version(),
)

verifications = Table(
    "verifications",
    metadata,
    Column("project", String(64), primary_key=True),
    Column("model", String(128), primary_key=True),
    Column("version", String(128), primary_key=True),
    Column("env", String(32), primary_key=True),
    Column("host", String(128), primary_key=True),
    Column("scoring_engine", String(32), primary_key=True),
    Column("checked", Moment, nullable=False),
    Column("body", Text, nullable=False),
    _of_version(),
)
