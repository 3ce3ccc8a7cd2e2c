"""The table of files that are attached to governed items."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"


def upgrade() -> None:
    """Add it."""
    op.create_table(
        "item_files",
        sa.Column("item", sa.String(length=400), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("item", "sha256", name=op.f("pk_item_files")),
    )
    op.create_index("ix_item_files_sha256", "item_files", ["sha256"])


def downgrade() -> None:
    """Remove it."""
    op.drop_table("item_files")
