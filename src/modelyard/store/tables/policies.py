"""The tables of policies, of where they are asked, and of exceptions from them."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, String, Table, Text

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

policy_exceptions = Table(
    "policy_exceptions",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("item", String(400), nullable=False),
    Column("policy", String(128), ForeignKey("policies.name", ondelete="CASCADE"), nullable=False),
    Column("body", Text, nullable=False),
    Index("ix_policy_exceptions_item", "item", "policy"),
)
