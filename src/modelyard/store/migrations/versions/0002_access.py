"""The tables of access."""

from __future__ import annotations

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add them."""


def downgrade() -> None:
    """Remove them."""
