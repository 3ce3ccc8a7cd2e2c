"""Whether a store runs its checks with each evaluation that goes into it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Add the column: those that are there do not."""
    column = sa.Column("check_each", sa.String(length=8), nullable=False, server_default="never")
    op.add_column("evaluation_stores", column)


def downgrade() -> None:
    """Take it away."""
    op.drop_column("evaluation_stores", "check_each")
