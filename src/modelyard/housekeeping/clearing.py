"""What is removed from time to time: what was put somewhere for a while, and nobody came for."""

from __future__ import annotations

from modelyard.files.access import sweep_transit
from modelyard.governance.notifying import access as notifying
from modelyard.kernel.context import Context
from modelyard.models.access import sweep_probed
from modelyard.monitoring.access import forget_old_messages


def clear(context: Context) -> None:
    """Remove what clients left in transit, models probed and not imported, what was told."""
    sweep_transit(context)
    sweep_probed(context)
    forget_old_messages(context)
    notifying.forget_old(context)
