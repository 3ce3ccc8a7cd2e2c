"""The tables of policies: where they are asked, exceptions from them, what came of them."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text

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

policy_outcomes = Table(
    "policy_outcomes",
    metadata,
    Column("item", String(400), primary_key=True),
    Column(
        "policy", String(128), ForeignKey("policies.name", ondelete="CASCADE"), primary_key=True
    ),
    Column("project", String(96), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("due", Moment, nullable=False),  # when time alone may change it
    Column("mark", String(64), nullable=False),  # of what it was judged by
    Column("body", Text, nullable=False),
    Index("ix_policy_outcomes_policy", "policy", "outcome"),
    Index("ix_policy_outcomes_project", "project"),
)

policy_looks = Table(
    "policy_looks",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("looked", Moment, nullable=True),  # when all was seen to be judged
    Column("held", Moment, nullable=False),  # until when somebody is looking
)
