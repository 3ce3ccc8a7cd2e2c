"""Whether a workspace and its govern node were out of touch for too long."""

from __future__ import annotations

from datetime import datetime

from modelyard.kernel.values import now

MISSED = 3
"""Times that they were to be in touch, and were not."""
SHORTEST = 60.0
"""Seconds within which nothing is late, however often they are to be in touch."""


def is_late(heard: datetime, every: float) -> bool:
    """Whether it is too long ago that they were in touch.

    Args:
        heard: when that was.
        every: seconds after which they are to be in touch again.
    """
    return (now() - heard).total_seconds() > max(SHORTEST, MISSED * every)
