"""The tables of workspaces that are governed from here, and of the node that governs this one."""

from __future__ import annotations

from sqlalchemy import Column, Double, ForeignKey, Index, Integer, String, Table, Text

from modelyard.store.tables.columns import Moment, metadata

workspaces = Table(
    "workspaces",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("sha256", String(64), nullable=False),  # of its key
    Column("seen", Moment, nullable=True),
    Column("every", Double, nullable=True),  # seconds after which it is heard again, as it said
    Column("version", String(64), nullable=False),  # of Modelyard, that runs there
    Column("body", Text, nullable=False),
)

workspace_items = Table(
    "workspace_items",
    metadata,
    Column(
        "workspace",
        String(32),
        ForeignKey("workspaces.name", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("item", String(400), primary_key=True),  # as it is called there
    Column("kind", String(32), nullable=False),
    Column("files", String(64), nullable=False),  # digest of a version's files, else empty
    Column("mark", String(64), nullable=False),  # of all that is told of it
    Column("marks", Text, nullable=False),  # of each section
    Column("facts", Text, nullable=False),
    Column("evidence", Text, nullable=False),
    Index("ix_workspace_items_files", "files"),
    Index("ix_workspace_items_kind", "kind"),
)

workspace_updates = Table(  # of deployments, that succeeded
    "workspace_updates",
    metadata,
    Column(
        "workspace",
        String(32),
        ForeignKey("workspaces.name", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("update", String(400), primary_key=True),  # as it is called there
    Column("mark", String(64), nullable=False),
    Column("began", Moment, nullable=False),
    Column("body", Text, nullable=False),
)

govern_nodes = Table(  # one row at most
    "govern_nodes",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("synced", Moment, nullable=True),  # when it was last heard
    Column("problem", Text, nullable=False),  # why it was not heard since
    Column("modes", Text, nullable=False),  # what policies do where, as it said
    Column("body", Text, nullable=False),
)

govern_node_keys = Table(  # apart, so that no backup and no list holds them
    "govern_node_keys",
    metadata,
    Column(
        "node",
        Integer,
        ForeignKey("govern_nodes.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("secret", Text, nullable=False),
)

told_statuses = Table(  # what the govern node made of the items of this workspace
    "told_statuses",
    metadata,
    Column("item", String(400), primary_key=True),
    Column("mark", String(64), nullable=False),
    Column("body", Text, nullable=False),
)

set_aside = Table(  # what was decided here before it was connected
    "set_aside",
    metadata,
    Column("item", String(400), primary_key=True),
    Column("body", Text, nullable=False),
)
