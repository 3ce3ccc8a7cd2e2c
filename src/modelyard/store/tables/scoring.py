"""The tables of recipes and scoring runs."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text

from modelyard.store.tables.columns import Moment, metadata, project_key

recipes = Table(
    "recipes",
    metadata,
    project_key(),
    Column("name", String(128), primary_key=True),
    Column("model", String(128), nullable=True),
    Column("body", Text, nullable=False),
    Index("ix_recipes_model", "project", "model"),
)

runs = Table(
    "runs",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("project", String(64), ForeignKey("projects.key"), nullable=False),
    Column("model", String(128), nullable=False),
    Column("identity", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("started", Moment, nullable=False),
    Column("body", Text, nullable=False),
    Index("ix_runs_identity", "project", "identity"),
)

run_chunks = Table(
    "run_chunks",
    metadata,
    Column("run", String(32), ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("chunk", Integer, primary_key=True),
    Column("rows", BigInteger, nullable=False),
    Column("rejected", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
)
