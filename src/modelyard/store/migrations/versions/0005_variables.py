"""The variables of projects."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the column."""
    variables = sa.Column("variables", sa.Text(), nullable=False, server_default="{}")
    op.add_column("projects", variables)


def downgrade() -> None:
    """Remove it."""
    op.drop_column("projects", "variables")
