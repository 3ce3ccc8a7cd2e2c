"""The tables of standards, and of the projects' reports on them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    """Add them."""
    op.create_table(
        "standards",
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_standards")),
    )
    op.create_table(
        "standard_reports",
        sa.Column("project", sa.String(length=64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project"], ["projects.key"], name=op.f("fk_standard_reports_projects")
        ),
        sa.PrimaryKeyConstraint("project", name=op.f("pk_standard_reports")),
    )


def downgrade() -> None:
    """Remove them."""
    for name in ("standard_reports", "standards"):
        op.drop_table(name)
