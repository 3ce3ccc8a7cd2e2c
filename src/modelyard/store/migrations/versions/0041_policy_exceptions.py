"""The table of exceptions from policies."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"


def upgrade() -> None:
    """Add it."""
    op.create_table(
        "policy_exceptions",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("item", sa.String(length=400), nullable=False),
        sa.Column("policy", sa.String(length=128), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["policy"],
            ["policies.name"],
            name=op.f("fk_policy_exceptions_policies"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_exceptions")),
    )
    op.create_index("ix_policy_exceptions_item", "policy_exceptions", ["item", "policy"])


def downgrade() -> None:
    """Remove it."""
    op.drop_table("policy_exceptions")
