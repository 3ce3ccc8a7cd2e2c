"""The tables of governed items, of rules about them, and of their timeline.

Items are kept when what they are of is deleted, with their story; so they refer to no other table.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Double, Index, Integer, String, Table, Text

from modelyard.store.tables.columns import Moment, metadata

governed_items = Table(
    "governed_items",
    metadata,
    Column("id", String(400), primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("project", String(96), nullable=False),  # empty: it is of none
    Column("name", String(128), nullable=False),
    Column("parent", String(400), nullable=True),
    Column("state", String(16), nullable=False),
    Column("state_from", Text, nullable=False),  # who or which rule brought that about
    Column("template", String(128), nullable=True),
    Column("template_version", Integer, nullable=True),
    Column("status", String(128), nullable=False),  # where it is in the steps of its template
    Column("stage", String(128), nullable=False),  # of an infrastructure, and of what is on it
    Column("readers", Text, nullable=False),  # groups that may see it, each in a line; empty: all
    Column("digest", String(64), nullable=False),  # of what an approval is bound to
    Column("marks", Text, nullable=False),  # of each section of its facts, to see what changed
    Column("facts", Text, nullable=False),
    Column("fields", Text, nullable=False),  # what people and rules wrote on it
    Column("steps", Text, nullable=False),
    Column("searched", Text, nullable=False),
    Column("created", Moment, nullable=False),
    Column("changed", Moment, nullable=False),
    Column("gone", Moment, nullable=True),
    Index("ix_governed_items_kind", "kind", "state"),
    Index("ix_governed_items_parent", "parent"),
    Index("ix_governed_items_project", "project", "kind"),
)

governed_views = Table(
    "governed_views",
    metadata,
    Column("whose", String(128), primary_key=True),  # empty: everybody has it
    Column("name", String(128), primary_key=True),
    Column("body", Text, nullable=False),
)

govern_rules = Table(
    "govern_rules",
    metadata,
    Column("project", String(96), primary_key=True),  # empty: of the instance
    Column("model", String(128), primary_key=True),  # empty: of the whole project
    Column("kind", String(32), primary_key=True),
    Column("action", String(16), nullable=False),
    Column("template", String(128), nullable=True),
    Column("code", Text, nullable=True),  # of a script
    Column("env", String(128), nullable=False, server_default="local"),
    Column("seconds", Double, nullable=False, server_default="60"),
    Column("set", Moment, nullable=False),
    Column("set_by", String(128), nullable=False),
)

item_events = Table(
    "item_events",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("item", String(400), nullable=False),
    Column("actor", String(128), nullable=False),
    Column("attribute", String(200), nullable=False),
    Column("body", Text, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("sha256", String(64), nullable=False),
    Index("ix_item_events_item", "item", "number"),
)

item_events_head = Table(
    "item_events_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
)
