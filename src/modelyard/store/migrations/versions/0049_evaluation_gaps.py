"""How far groups were found to be apart on evaluations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0048"


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "evaluation_gaps",
        sa.Column("project", sa.String(length=64), nullable=False),
        sa.Column("evaluation", sa.String(length=32), nullable=False),
        sa.Column("question", sa.String(length=64), nullable=False),
        sa.Column("variant", sa.String(length=64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project", "evaluation"],
            ["evaluations.project", "evaluations.id"],
            name=op.f("fk_evaluation_gaps_evaluations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "project", "evaluation", "question", name=op.f("pk_evaluation_gaps")
        ),
    )


def downgrade() -> None:
    """Remove it."""
    op.drop_table("evaluation_gaps")
