"""The tables of activations of bundles, and of what projects keep for themselves."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from modelyard.store.tables.columns import Moment

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    """Add them."""
    op.create_table(
        "bundle_activations",
        sa.Column("project", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("before", sa.String(length=128), nullable=True),
        sa.Column("bundle", sa.String(length=128), nullable=False),
        sa.Column("how", sa.String(length=16), nullable=False),
        sa.Column("activated", Moment(timezone=True), nullable=False),
        sa.Column("activated_by", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("placed", sa.Text(), nullable=False),
        _of_project("bundle_activations"),
        sa.PrimaryKeyConstraint("project", "number", name=op.f("pk_bundle_activations")),
    )
    op.create_table(
        "project_locals",
        sa.Column("project", sa.String(length=64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("preloaded", sa.Text(), nullable=False),
        _of_project("project_locals"),
        sa.PrimaryKeyConstraint("project", name=op.f("pk_project_locals")),
    )


def downgrade() -> None:
    """Remove them."""
    op.drop_table("project_locals")
    op.drop_table("bundle_activations")


def _of_project(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["project"], ["projects.key"], name=op.f(f"fk_{table}_projects"))
