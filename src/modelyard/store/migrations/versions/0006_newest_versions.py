"""The newest versions of a saved model are found at once."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
NAME = "ix_versions_imported"


def upgrade() -> None:
    """Add the index."""
    op.create_index(NAME, "versions", ["project", "model", "imported", "version"])


def downgrade() -> None:
    """Remove it."""
    op.drop_index(NAME, "versions")
