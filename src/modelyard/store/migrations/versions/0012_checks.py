"""The tables of checks and of what came of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from modelyard.store.tables.columns import Moment

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Add them."""
    op.create_table(
        "checks",
        sa.Column("project", sa.String(length=64), nullable=False),
        sa.Column("store", sa.String(length=128), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("created", Moment(timezone=True), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["project"], ["projects.key"], name=op.f("fk_checks_projects")),
        sa.ForeignKeyConstraint(
            ["project", "store"],
            ["evaluation_stores.project", "evaluation_stores.name"],
            name=op.f("fk_checks_evaluation_stores"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("project", "store", "name", name=op.f("pk_checks")),
    )
    op.create_table(
        "check_results",
        sa.Column("project", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("store", sa.String(length=128), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("evaluation", sa.String(length=32), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("evaluated", Moment(timezone=True), nullable=False),
        sa.Column("created", Moment(timezone=True), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project"], ["projects.key"], name=op.f("fk_check_results_projects")
        ),
        sa.ForeignKeyConstraint(
            ["project", "store", "name"],
            ["checks.project", "checks.store", "checks.name"],
            name=op.f("fk_check_results_checks"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project", "evaluation"],
            ["evaluations.project", "evaluations.id"],
            name=op.f("fk_check_results_evaluations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("project", "id", name=op.f("pk_check_results")),
    )
    op.create_index(
        "ix_check_results_check",
        "check_results",
        ["project", "store", "name", "evaluated", "created", "id"],
    )
    op.create_index("ix_check_results_evaluation", "check_results", ["project", "evaluation"])


def downgrade() -> None:
    """Remove them."""
    op.drop_table("check_results")
    op.drop_table("checks")
