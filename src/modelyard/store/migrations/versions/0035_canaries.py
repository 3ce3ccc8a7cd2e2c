"""The table of canaries."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"


def upgrade() -> None:
    """Add it."""
    op.create_table(
        "canaries",
        sa.Column("project", sa.String(length=64), nullable=False),
        sa.Column("deployment", sa.String(length=128), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project", "deployment"],
            ["deployments.project", "deployments.name"],
            name=op.f("fk_canaries_deployments"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("project", "deployment", "number", name=op.f("pk_canaries")),
    )
    op.create_index("ix_canaries_state", "canaries", ["state"])


def downgrade() -> None:
    """Remove it."""
    op.drop_table("canaries")
