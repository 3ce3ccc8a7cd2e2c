"""The table of what came of the tests of deployments."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"


def upgrade() -> None:
    """Add it."""
    op.create_table(
        "deployment_tests",
        sa.Column("project", sa.String(length=64), nullable=False),
        sa.Column("deployment", sa.String(length=128), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project", "deployment"],
            ["deployments.project", "deployments.name"],
            name=op.f("fk_deployment_tests_deployments"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("project", "deployment", name=op.f("pk_deployment_tests")),
    )


def downgrade() -> None:
    """Remove it."""
    op.drop_table("deployment_tests")
