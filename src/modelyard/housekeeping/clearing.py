"""What is removed from time to time: what was put somewhere for a while, and nobody came for."""

from __future__ import annotations

from modelyard.files.access import sweep_transit
from modelyard.kernel.context import Context
from modelyard.models.access import sweep_probed


def clear(context: Context) -> None:
    """Remove what clients left in transit, and models that were probed and not imported."""
    sweep_transit(context)
    sweep_probed(context)
