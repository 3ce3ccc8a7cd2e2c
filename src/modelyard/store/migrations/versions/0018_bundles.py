"""The table of bundles."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from modelyard.store.tables.columns import Moment

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Add it."""
    op.create_table(
        "bundles",
        sa.Column("project", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("origin", sa.String(length=16), nullable=False),
        sa.Column("created", Moment(timezone=True), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["project"], ["projects.key"], name=op.f("fk_bundles_projects")),
        sa.PrimaryKeyConstraint("project", "name", name=op.f("pk_bundles")),
    )
    op.create_index(op.f("ix_bundles_sha256"), "bundles", ["sha256"])
    op.create_index("ix_bundles_created", "bundles", ["project", "created", "name"])


def downgrade() -> None:
    """Remove it."""
    op.drop_table("bundles")
