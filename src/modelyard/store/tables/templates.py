"""The table of templates."""

from __future__ import annotations

from sqlalchemy import Column, Integer, String, Table, Text

from modelyard.store.tables.columns import Moment, metadata

templates = Table(
    "templates",
    metadata,
    Column("name", String(128), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("kind", String(32), nullable=False),
    Column("state", String(16), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("body", Text, nullable=False),
    Column("created", Moment, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("published", Moment, nullable=True),
)
