"""The tables of comparisons, and of what pairs of evaluations were found to differ by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from modelyard.store.tables.columns import Moment

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Add them."""
    op.create_table(
        "comparisons",
        sa.Column("project", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("created", Moment(timezone=True), nullable=False),
        sa.Column("changed", Moment(timezone=True), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project"], ["projects.key"], name=op.f("fk_comparisons_projects")
        ),
        sa.PrimaryKeyConstraint("project", "name", name=op.f("pk_comparisons")),
    )
    op.create_table(
        "comparison_pairs",
        sa.Column("project", sa.String(length=64), nullable=False),
        sa.Column("base", sa.String(length=32), nullable=False),
        sa.Column("challenger", sa.String(length=32), nullable=False),
        sa.Column("variant", sa.String(length=64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        *(_of_evaluation(column) for column in ("base", "challenger")),
        sa.PrimaryKeyConstraint(
            "project", "base", "challenger", "variant", name=op.f("pk_comparison_pairs")
        ),
    )
    op.create_index("ix_comparison_pairs_challenger", "comparison_pairs", ["project", "challenger"])


def downgrade() -> None:
    """Remove them."""
    op.drop_table("comparison_pairs")
    op.drop_table("comparisons")


def _of_evaluation(column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["project", column],
        ["evaluations.project", "evaluations.id"],
        name=op.f(f"fk_comparison_pairs_{column}"),
        ondelete="CASCADE",
    )
