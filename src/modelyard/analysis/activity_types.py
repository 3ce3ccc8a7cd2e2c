"""What a service answered over time, as charts are told it."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import Field

from modelyard.kernel.values import Value

ActivityChart = Literal["times", "queries", "errors"]
"""Answer times; queries by generation; queries that failed or were refused."""


class Spell(Value):
    """What was answered in a stretch of time."""

    at: float = Field(description="when it began, in seconds since 1970")
    generation: str = Field(default="", description="empty: all of them together")
    queries: int
    failed: int = 0
    refused: int = 0
    p50: float | None = Field(default=None, description="milliseconds; None: it is not known")
    p95: float | None = None
    p99: float | None = None


class ActivityHistory(Value):
    """What a service answered between two moments, in stretches of the same length."""

    since: float = Field(description="when the first stretch begins, in seconds since 1970")
    until: float = Field(description="now")
    step: float = Field(gt=0, description="seconds of a stretch")
    together: tuple[Spell, ...] = Field(default=(), description="of all generations")
    apart: tuple[Spell, ...] = Field(default=(), description="of each generation")
    generations: tuple[str, ...] = Field(default=(), description="in the order of their colours")
    changed: float | None = Field(
        default=None, description="when it was last changed which generations answer"
    )

    @property
    def stretches(self) -> tuple[float, ...]:
        """When each stretch began, also those in which nothing was asked."""
        count = max(1, math.ceil((self.until - self.since) / self.step))
        return tuple(self.since + self.step * place for place in range(count))
