"""What workspaces tell of their deployments in the past, and how often they are heard."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from modelyard.store.tables.columns import Moment

revision = "0051"
down_revision = "0049"


def upgrade() -> None:
    """Add the table, and the column."""
    op.create_table(
        "workspace_updates",
        sa.Column("workspace", sa.String(length=32), nullable=False),
        sa.Column("update", sa.String(length=400), nullable=False),
        sa.Column("mark", sa.String(length=64), nullable=False),
        sa.Column("began", Moment(timezone=True), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace"],
            ["workspaces.name"],
            name=op.f("fk_workspace_updates_workspaces"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace", "update", name=op.f("pk_workspace_updates")),
    )
    op.add_column("workspaces", sa.Column("every", sa.Double(), nullable=True))


def downgrade() -> None:
    """Remove them."""
    op.drop_column("workspaces", "every")
    op.drop_table("workspace_updates")
