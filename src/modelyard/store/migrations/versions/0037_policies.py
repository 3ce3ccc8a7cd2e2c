"""The tables of policies, and of where they are asked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from modelyard.store.tables.columns import Moment

revision = "0037"
down_revision = "0036"


def upgrade() -> None:
    """Add them."""
    op.create_table(
        "policies",
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("changed", Moment(timezone=True), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_policies")),
    )
    op.create_table(
        "enforcements",
        sa.Column("infrastructure", sa.String(length=128), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("infrastructure", name=op.f("pk_enforcements")),
    )


def downgrade() -> None:
    """Remove them."""
    op.drop_table("enforcements")
    op.drop_table("policies")
