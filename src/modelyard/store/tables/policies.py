"""The tables of policies, and of where they are asked."""

from __future__ import annotations

from sqlalchemy import Column, String, Table, Text

from modelyard.store.tables.columns import Moment, metadata

policies = Table(
    "policies",
    metadata,
    Column("name", String(128), primary_key=True),
    Column("changed", Moment, nullable=False),
    Column("body", Text, nullable=False),
)

enforcements = Table(
    "enforcements",
    metadata,
    Column("infrastructure", String(128), primary_key=True),  # of this workspace, or of another
    Column("body", Text, nullable=False),
)
