"""The tables of pipelines and of promotions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from modelyard.store.tables.columns import Moment

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    """Add them."""
    op.create_table(
        "pipelines",
        sa.Column("project", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("changed", Moment(timezone=True), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["project"], ["projects.key"], name=op.f("fk_pipelines_projects")),
        sa.PrimaryKeyConstraint("project", "name", name=op.f("pk_pipelines")),
    )
    op.create_table(
        "promotions",
        sa.Column("project", sa.String(length=64), nullable=False),
        sa.Column("pipeline", sa.String(length=128), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("step", sa.String(length=128), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project", "pipeline"],
            ["pipelines.project", "pipelines.name"],
            name=op.f("fk_promotions_pipelines"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("project", "pipeline", "number", name=op.f("pk_promotions")),
    )
    op.create_index("ix_promotions_state", "promotions", ["state"])


def downgrade() -> None:
    """Remove them."""
    op.drop_table("promotions")
    op.drop_table("pipelines")
