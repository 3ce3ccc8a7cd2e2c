"""The tables of jobs."""

from __future__ import annotations

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add them."""


def downgrade() -> None:
    """Remove them."""
