"""The tables of connections and datasets."""

from __future__ import annotations

from sqlalchemy import Column, String, Table, Text

from modelyard.store.tables.columns import metadata, project_key

connections = Table(
    "connections",
    metadata,
    project_key(),
    Column("name", String(128), primary_key=True),
    Column("body", Text, nullable=False),
)

datasets = Table(
    "datasets",
    metadata,
    project_key(),
    Column("name", String(128), primary_key=True),
    Column("connection", String(128), nullable=True),
    Column("body", Text, nullable=False),
)
