"""Settings of deployments."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from modelyard.kernel.sections import Section
from modelyard.kernel.values import Name


class DeploymentSettings(Section):
    """Through which stages packages and bundles go, and how those who deploy them wait."""

    stages: Annotated[tuple[Name, ...], Field(min_length=1)] = Field(
        default=("development", "test", "production"),
        description="stages that infrastructures are in, the earliest first",
    )
    lease: float = Field(
        default=15,
        ge=2,
        le=600,
        description="seconds without a sign of life after which an update is taken for broken off",
    )
    check_minutes: float = Field(
        default=5,
        gt=0,
        le=1440,
        description="minutes after which a deployment is looked at again",
    )

    @field_validator("stages")
    @classmethod
    def _differ(cls, stages: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(stages)) != len(stages):
            raise ValueError("it names a stage twice")
        return stages


class AutomationSettings(Section):
    """What may be done where the setting role is 'automation'."""

    changes: bool = Field(
        default=False,
        description="whether what came with a bundle may be changed; the next bundle undoes that",
    )
