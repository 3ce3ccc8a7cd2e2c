"""The table of what scripts said of items about which nobody decided."""

from __future__ import annotations

from sqlalchemy import Column, String, Table, Text

from modelyard.store.tables.columns import Moment, metadata

rule_answers = Table(
    "rule_answers",
    metadata,
    Column("item", String(400), primary_key=True),
    Column("created", Moment, nullable=False),  # of the item: of another life it said nothing
    Column("code", String(64), nullable=False),  # digest of the script
    Column("body", Text, nullable=False),
)
