"""The table of drift reports."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from modelyard.store.tables.columns import Moment

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add it."""
    op.create_table(
        "drift_reports",
        sa.Column("project", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("evaluation", sa.String(length=32), nullable=True),
        sa.Column("model", sa.String(length=128), nullable=True),
        sa.Column("version", sa.String(length=128), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("created", Moment(timezone=True), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["project"], ["projects.key"], name=op.f("fk_drift_reports_projects")
        ),
        sa.ForeignKeyConstraint(
            ["project", "evaluation"],
            ["evaluations.project", "evaluations.id"],
            name=op.f("fk_drift_reports_evaluations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("project", "id", name=op.f("pk_drift_reports")),
    )
    op.create_index("ix_drift_reports_created", "drift_reports", ["project", "created", "id"])
    op.create_index("ix_drift_reports_evaluation", "drift_reports", ["project", "evaluation"])
    op.create_index("ix_drift_reports_model", "drift_reports", ["project", "model", "version"])
    op.create_index(op.f("ix_drift_reports_sha256"), "drift_reports", ["sha256"])


def downgrade() -> None:
    """Remove it."""
    op.drop_table("drift_reports")
