"""The table of rules about what becomes of items."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from modelyard.store.tables.columns import Moment

revision = "0039"
down_revision = "0038"


def upgrade() -> None:
    """Add it."""
    op.create_table(
        "govern_rules",
        sa.Column("project", sa.String(length=64), nullable=False),
        sa.Column("model", sa.String(length=128), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("action", sa.String(length=16), nullable=False),
        sa.Column("template", sa.String(length=128), nullable=True),
        sa.Column("set", Moment(timezone=True), nullable=False),
        sa.Column("set_by", sa.String(length=128), nullable=False),
        sa.PrimaryKeyConstraint("project", "model", "kind", name=op.f("pk_govern_rules")),
    )


def downgrade() -> None:
    """Remove it."""
    op.drop_table("govern_rules")
