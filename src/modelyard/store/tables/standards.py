"""The tables of standards, and of the projects' reports on them."""

from __future__ import annotations

from sqlalchemy import Column, String, Table, Text

from modelyard.store.tables.columns import metadata, project_key

standards = Table(
    "standards",
    metadata,
    Column("name", String(128), primary_key=True),
    Column("body", Text, nullable=False),
)

standard_reports = Table(
    "standard_reports",
    metadata,
    project_key(),
    Column("body", Text, nullable=False),
)
