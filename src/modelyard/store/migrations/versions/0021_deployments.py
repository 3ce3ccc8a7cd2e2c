"""Infrastructures, deployments, and their updates."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"

LOCAL = {"local-api": "api", "local-project": "project"}


def upgrade() -> None:
    """Make the tables, and the infrastructures that there are from the start."""
    moment = sa.DateTime(timezone=True)
    infrastructures = op.create_table(
        "infrastructures",
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("stage", sa.String(128), nullable=False),
        sa.Column("driver", sa.String(128), nullable=False),
        sa.Column("everybody", sa.String(16), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created", moment, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("changed", moment, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_infrastructures"),
    )
    now = datetime.now(UTC)
    shared = {"stage": "development", "driver": "local", "everybody": "deploy", "body": "{}"}
    shared |= {"created_by": "modelyard"}
    op.bulk_insert(
        infrastructures,
        [
            {"name": name, "kind": kind, "created": now, "changed": now, **shared}
            for name, kind in LOCAL.items()
        ],
    )
    op.create_table(
        "infrastructure_groups",
        sa.Column("infrastructure", sa.String(128), nullable=False),
        sa.Column("group", sa.String(128), nullable=False),
        sa.Column("permission", sa.String(16), nullable=False),
        sa.PrimaryKeyConstraint("infrastructure", "group", name="pk_infrastructure_groups"),
        sa.ForeignKeyConstraint(
            ["infrastructure"],
            ["infrastructures.name"],
            name="fk_infrastructure_groups_infrastructures",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["group"], ["groups.name"], name="fk_infrastructure_groups_groups", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "deployments",
        sa.Column("project", sa.String(64), nullable=False),
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("infrastructure", sa.String(128), nullable=False),
        sa.Column("target", sa.String(128), nullable=False),
        sa.Column("health", sa.String(16), nullable=False),
        sa.Column("checked", moment, nullable=True),
        sa.Column("created", moment, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("changed", moment, nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("pushed", sa.Integer(), nullable=True),
        sa.Column("observed", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("project", "name", name="pk_deployments"),
        sa.ForeignKeyConstraint(["project"], ["projects.key"], name="fk_deployments_projects"),
        sa.ForeignKeyConstraint(
            ["infrastructure"], ["infrastructures.name"], name="fk_deployments_infrastructures"
        ),
        sa.UniqueConstraint("infrastructure", "target", name="uq_deployments_infrastructure"),
    )
    op.create_table(
        "deployment_updates",
        sa.Column("project", sa.String(64), nullable=False),
        sa.Column("deployment", sa.String(128), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("holder", sa.String(32), nullable=True),
        sa.Column("beaten", sa.Double(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("project", "deployment", "number", name="pk_deployment_updates"),
        sa.ForeignKeyConstraint(
            ["project", "deployment"],
            ["deployments.project", "deployments.name"],
            name="fk_deployment_updates_deployments",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_deployment_updates_state", "deployment_updates", ["state"])


def downgrade() -> None:
    """Drop them."""
    for table in ("deployment_updates", "deployments", "infrastructure_groups", "infrastructures"):
        op.drop_table(table)
