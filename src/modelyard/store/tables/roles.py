"""The tables of who has which role on governed items, and of what rules about that look at."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Double, Index, Integer, String, Table, Text

from modelyard.store.tables.columns import Moment, metadata

given_roles = Table(
    "given_roles",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("role", String(128), nullable=False),
    Column("to", String(16), nullable=False),  # user, group, key or everyone
    Column("name", String(128), nullable=False),  # of the user or group, id of the key
    Column("kind", String(32), nullable=True),  # of items; here and below, none: any
    Column("project", String(96), nullable=True),
    Column("template", String(128), nullable=True),
    Column("version", Integer, nullable=True),
    Column("step", String(64), nullable=True),
    Column("values", Text, nullable=False),  # of fields, as JSON
    Column("gone", Boolean, nullable=True),
    Column("given", Moment, nullable=False),
    Column("given_by", String(128), nullable=False),
)

item_values = Table(
    "item_values",
    metadata,
    Column("item", String(400), primary_key=True),
    Column("part", String(8), primary_key=True),  # fields or steps
    Column("name", String(64), primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),  # of several values
    Column("text", String(480), nullable=False),  # in JSON, or a digest of that if it is long
    Column("number", Double, nullable=True),
    Index("ix_item_values_text", "part", "name", "text"),
)
