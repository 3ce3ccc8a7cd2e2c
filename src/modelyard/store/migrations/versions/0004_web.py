"""The tables of web."""

from __future__ import annotations

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add them."""


def downgrade() -> None:
    """Remove them."""
