"""The table of saved views of governed items; whether governance is told of a store."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"


def upgrade() -> None:
    """Add them."""
    op.create_table(
        "governed_views",
        sa.Column("whose", sa.String(length=128), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("whose", "name", name=op.f("pk_governed_views")),
    )
    governed: sa.Column[bool] = sa.Column(
        "governed", sa.Boolean(), nullable=False, server_default=sa.true()
    )
    op.add_column("evaluation_stores", governed)


def downgrade() -> None:
    """Remove them."""
    op.drop_column("evaluation_stores", "governed")
    op.drop_table("governed_views")
