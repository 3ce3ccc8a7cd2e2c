"""The table of requests that may be sent again."""

from __future__ import annotations

from sqlalchemy import Column, Integer, String, Table, Text

from modelyard.store.tables.columns import Moment, metadata

replays = Table(
    "replays",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("request", String(64), nullable=False),
    Column("attempt", String(32), nullable=False),
    Column("state", String(16), nullable=False),
    Column("held_until", Moment, nullable=False),
    Column("created", Moment, nullable=False, index=True),
    Column("status", Integer, nullable=True),
    Column("headers", Text, nullable=True),
    Column("body", Text, nullable=True),
)
