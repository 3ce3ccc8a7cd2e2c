"""The tables of infrastructures with their hooks, of deployments, and of their updates.

`beaten` is in seconds since 1970 by the database's own clock, as times of jobs are.
"""

from __future__ import annotations

from sqlalchemy import (
    Column,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from modelyard.store.tables.columns import Moment, metadata, project_key

infrastructures = Table(
    "infrastructures",
    metadata,
    Column("name", String(128), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("stage", String(128), nullable=False),
    Column("driver", String(128), nullable=False),
    Column("everybody", String(16), nullable=False),
    Column("body", Text, nullable=False),
    Column("created", Moment, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("changed", Moment, nullable=False),
)

infrastructure_groups = Table(
    "infrastructure_groups",
    metadata,
    Column(
        "infrastructure",
        String(128),
        ForeignKey("infrastructures.name", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("group", String(128), ForeignKey("groups.name", ondelete="CASCADE"), primary_key=True),
    Column("permission", String(16), nullable=False),
)

infrastructure_hooks = Table(
    "infrastructure_hooks",
    metadata,
    Column(
        "infrastructure",
        String(128),
        ForeignKey("infrastructures.name", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("name", String(128), primary_key=True),
    Column("place", Integer, nullable=False),  # from 1, in the order in which they are called
    Column("identity", Text, nullable=False),  # who saved it last: its code asks as them
    Column("body", Text, nullable=False),
)

hook_secrets = Table(  # apart, so that no backup and no list holds them
    "hook_secrets",
    metadata,
    Column("infrastructure", String(128), primary_key=True),
    Column("hook", String(128), primary_key=True),
    Column("secret", Text, nullable=False),
    ForeignKeyConstraint(
        ["infrastructure", "hook"],
        ["infrastructure_hooks.infrastructure", "infrastructure_hooks.name"],
        ondelete="CASCADE",
    ),
)

hook_slots = Table(  # hooks that are called at the moment
    "hook_slots",
    metadata,
    Column(
        "infrastructure",
        String(128),
        ForeignKey("infrastructures.name", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("slot", Integer, primary_key=True),
    Column("holder", String(32), nullable=False),
    Column("beaten", Double, nullable=False),
)

deployments = Table(
    "deployments",
    metadata,
    project_key(),
    Column("name", String(128), primary_key=True),
    Column("infrastructure", String(128), ForeignKey("infrastructures.name"), nullable=False),
    Column("target", String(128), nullable=False),  # of the service or project where it runs
    Column("health", String(16), nullable=False),
    Column("checked", Moment, nullable=True),
    Column("created", Moment, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("changed", Moment, nullable=False),
    Column("settings", Text, nullable=False),
    Column("pushed", Integer, nullable=True),  # number of the update that brought it about
    Column("observed", Text, nullable=False),
    UniqueConstraint("infrastructure", "target"),
)

deployment_updates = Table(
    "deployment_updates",
    metadata,
    Column("project", String(64), primary_key=True),
    Column("deployment", String(128), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("state", String(16), nullable=False),
    Column("holder", String(32), nullable=True),  # who carries it out at the moment
    Column("beaten", Double, nullable=True),  # their last sign of life
    Column("body", Text, nullable=False),
    ForeignKeyConstraint(
        ["project", "deployment"], ["deployments.project", "deployments.name"], ondelete="CASCADE"
    ),
    Index("ix_deployment_updates_state", "state"),
)

deployment_tests = Table(
    "deployment_tests",
    metadata,
    Column("project", String(64), primary_key=True),
    Column("deployment", String(128), primary_key=True),
    Column("body", Text, nullable=False),
    ForeignKeyConstraint(
        ["project", "deployment"], ["deployments.project", "deployments.name"], ondelete="CASCADE"
    ),
)
