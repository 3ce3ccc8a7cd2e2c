"""Settings of governance."""

from __future__ import annotations

from pydantic import Field

from modelyard.kernel.sections import Section


class GovernanceSettings(Section):
    """How governed items follow what they are of."""

    every: float = Field(
        default=30, gt=0, description="seconds after which items are brought up to date again"
    )
    seconds: float = Field(
        default=5,
        gt=0,
        description="seconds within which a govern node has to say whether something is deployed",
    )
