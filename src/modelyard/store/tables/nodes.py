"""The tables of nodes that are administered from here."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, String, Table, Text

from modelyard.store.tables.columns import Moment, metadata

nodes = Table(
    "nodes",
    metadata,
    Column("name", String(128), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("created", Moment, nullable=False),
    Column("body", Text, nullable=False),
)

node_keys = Table(  # apart, so that no backup and no list holds them
    "node_keys",
    metadata,
    Column("node", String(128), ForeignKey("nodes.name", ondelete="CASCADE"), primary_key=True),
    Column("secret", Text, nullable=False),
)
