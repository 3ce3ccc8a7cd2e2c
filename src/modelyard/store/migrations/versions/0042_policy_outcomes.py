"""The tables of what came of policies, and of when that was looked at."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from modelyard.store.tables.columns import Moment

revision = "0042"
down_revision = "0041"


def upgrade() -> None:
    """Add them."""
    op.create_table(
        "policy_outcomes",
        sa.Column("item", sa.String(length=400), nullable=False),
        sa.Column("policy", sa.String(length=128), nullable=False),
        sa.Column("project", sa.String(length=64), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("due", Moment(timezone=True), nullable=False),
        sa.Column("mark", sa.String(length=64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["policy"],
            ["policies.name"],
            name=op.f("fk_policy_outcomes_policies"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("item", "policy", name=op.f("pk_policy_outcomes")),
    )
    op.create_index("ix_policy_outcomes_policy", "policy_outcomes", ["policy", "outcome"])
    op.create_index("ix_policy_outcomes_project", "policy_outcomes", ["project"])
    op.create_table(
        "policy_looks",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("looked", Moment(timezone=True), nullable=True),
        sa.Column("held", Moment(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_looks")),
    )


def downgrade() -> None:
    """Remove them."""
    op.drop_table("policy_looks")
    op.drop_table("policy_outcomes")
