"""The tables of projects."""

from __future__ import annotations

from sqlalchemy import Column, String, Table, Text

from modelyard.store.tables.columns import Moment, metadata

projects = Table(
    "projects",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("description", Text, nullable=False, default=""),
    Column("variables", Text, nullable=False, server_default="{}"),  # JSON
    Column("created", Moment, nullable=False),
)
