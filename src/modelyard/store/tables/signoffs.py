"""The tables of sign-offs of governed items, of whom they were handed on to, and who sees items.

A user who is gone is gone from what was handed on to them; what they decided stays.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Table,
    Text,
)

from modelyard.store.tables.columns import Moment, metadata

signoffs = Table(
    "signoffs",
    metadata,
    Column("item", String(400), primary_key=True),
    Column("step", String(64), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),  # of the round
    Column("current", Boolean, nullable=False),
    Column("status", String(32), nullable=False),
    Column("life", String(200), nullable=False),  # of the item, and by which template
    Column("facts", String(64), nullable=False),  # digest of the item that it is about
    Column("due", Moment, nullable=True),
    Column("body", Text, nullable=False),
    Index("ix_signoffs_status", "current", "status"),
)

signoff_delegates = Table(
    "signoff_delegates",
    metadata,
    Column("item", String(400), primary_key=True),
    Column("step", String(64), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("user", String(128), ForeignKey("users.name", ondelete="CASCADE"), primary_key=True),
    Column("group", String(64), primary_key=True),  # empty: to decide
    Column("by", Text, nullable=False),
    Column("at", Moment, nullable=False),
    ForeignKeyConstraint(
        ["item", "step", "number"],
        ["signoffs.item", "signoffs.step", "signoffs.number"],
        ondelete="CASCADE",
    ),
    Index("ix_signoff_delegates_user", "user"),
)

item_people = Table(
    "item_people",
    metadata,
    Column("item", String(400), primary_key=True),
    Column("kind", String(8), primary_key=True),  # user or group
    Column("name", String(128), primary_key=True),
    Index("ix_item_people_name", "kind", "name"),
)

item_files = Table(
    "item_files",
    metadata,
    Column("item", String(400), primary_key=True),
    Column("sha256", String(64), primary_key=True, index=True),
    Column("size", BigInteger, nullable=False),
)
