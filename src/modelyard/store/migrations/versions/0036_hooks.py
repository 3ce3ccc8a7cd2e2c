"""Hooks of infrastructures, their secrets, and which are called at the moment."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"


def upgrade() -> None:
    """Add them."""
    op.create_table(
        "infrastructure_hooks",
        sa.Column("infrastructure", sa.String(128), nullable=False),
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("infrastructure", "name", name="pk_infrastructure_hooks"),
        sa.ForeignKeyConstraint(
            ["infrastructure"],
            ["infrastructures.name"],
            name="fk_infrastructure_hooks_infrastructures",
            ondelete="CASCADE",
        ),
    )
    op.create_table(
        "hook_secrets",
        sa.Column("infrastructure", sa.String(128), nullable=False),
        sa.Column("hook", sa.String(128), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("infrastructure", "hook", name="pk_hook_secrets"),
        sa.ForeignKeyConstraint(
            ["infrastructure", "hook"],
            ["infrastructure_hooks.infrastructure", "infrastructure_hooks.name"],
            name="fk_hook_secrets_infrastructure_hooks",
            ondelete="CASCADE",
        ),
    )
    op.create_table(
        "hook_slots",
        sa.Column("infrastructure", sa.String(128), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("holder", sa.String(32), nullable=False),
        sa.Column("beaten", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("infrastructure", "slot", name="pk_hook_slots"),
        sa.ForeignKeyConstraint(
            ["infrastructure"],
            ["infrastructures.name"],
            name="fk_hook_slots_infrastructures",
            ondelete="CASCADE",
        ),
    )


def downgrade() -> None:
    """Drop them."""
    for table in ("hook_slots", "hook_secrets", "infrastructure_hooks"):
        op.drop_table(table)
