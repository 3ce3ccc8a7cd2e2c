"""The tables of workspaces that are governed from here, and of the node that governs this one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from modelyard.store.tables.columns import Moment

revision = "0047"
down_revision = "0046"


def upgrade() -> None:
    """Add them, and make room for projects of other workspaces."""
    _projects(64, 96)
    _of_govern_nodes()
    _of_workspaces()


def downgrade() -> None:
    """Remove them."""
    for name in ("set_aside", "told_statuses", "govern_node_keys", "govern_nodes"):
        op.drop_table(name)
    op.drop_table("workspace_items")
    op.drop_table("workspaces")
    _projects(96, 64)


def _projects(before: int, after: int) -> None:
    for name in ("governed_items", "govern_rules", "policy_outcomes", "given_roles"):
        with op.batch_alter_table(name) as table:
            table.alter_column(
                "project",
                existing_type=sa.String(length=before),
                type_=sa.String(length=after),
                existing_nullable=name == "given_roles",
            )


def _of_govern_nodes() -> None:
    """On a workspace that a node governs."""
    op.create_table(
        "govern_nodes",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("synced", Moment(timezone=True), nullable=True),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("modes", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_govern_nodes")),
    )
    op.create_table(
        "govern_node_keys",
        sa.Column("node", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["node"],
            ["govern_nodes.id"],
            name=op.f("fk_govern_node_keys_govern_nodes"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("node", name=op.f("pk_govern_node_keys")),
    )
    op.create_table(
        "told_statuses",
        sa.Column("item", sa.String(length=400), nullable=False),
        sa.Column("mark", sa.String(length=64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("item", name=op.f("pk_told_statuses")),
    )
    op.create_table(
        "set_aside",
        sa.Column("item", sa.String(length=400), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("item", name=op.f("pk_set_aside")),
    )


def _of_workspaces() -> None:
    """On the govern node."""
    op.create_table(
        "workspaces",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("seen", Moment(timezone=True), nullable=True),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_workspaces")),
    )
    op.create_table(
        "workspace_items",
        sa.Column("workspace", sa.String(length=32), nullable=False),
        sa.Column("item", sa.String(length=400), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("files", sa.String(length=64), nullable=False),
        sa.Column("mark", sa.String(length=64), nullable=False),
        sa.Column("marks", sa.Text(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace"],
            ["workspaces.name"],
            name=op.f("fk_workspace_items_workspaces"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace", "item", name=op.f("pk_workspace_items")),
    )
    for column in ("files", "kind"):
        op.create_index(f"ix_workspace_items_{column}", "workspace_items", [column])
