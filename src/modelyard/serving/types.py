"""The words of a node: its services, which generations answer, and how it guards a new one."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Literal, Self

from pydantic import Field, model_validator

from modelyard.kernel.values import Name, Value
from modelyard.serving.tokens.types import TokenTrust

QueryKind = Literal["prediction", "function", "lookup"]
Access = Literal["package", "public", "keys"]
"""Who may ask a service: what its package says, whoever reaches it, or whoever has a key."""

NEAR_ONE = 1e-6


class Guard(Value):
    """When a node goes back to the mapping before: what the generations of a new one may do worst.

    It looks at the last `queries` answers of each generation whose share grew.
    """

    error_rate: float | None = Field(
        default=None, ge=0, lt=1, description="share of failed queries that is still borne"
    )
    p99_ms: float | None = Field(
        default=None,
        gt=0,
        description="milliseconds within which 99 of 100 queries have to be answered",
    )
    queries: int = Field(
        default=200, ge=10, le=100_000, description="how many of its last answers are looked at"
    )
    minutes: float = Field(
        default=10,
        gt=0,
        le=10_080,
        description="how long it looks; as long the generations before stay loaded",
    )

    @model_validator(mode="after")
    def _bounds_something(self) -> Self:
        if self.error_rate is None and self.p99_ms is None:
            raise ValueError("a guard needs a bound: error_rate, p99_ms, or both")
        return self


class GenerationMapping(Value):
    """Which generations of a service answer, and how often each."""

    entries: dict[Name, float] = Field(
        min_length=1, description="share of the queries by generation; together 1"
    )
    shadows: tuple[Name, ...] = Field(
        default=(), description="generations that get the same queries, and answer nobody"
    )
    guard: Guard | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if any(not (0 <= share <= 1) for share in self.entries.values()):
            raise ValueError("each probability has to be between 0 and 1")
        total = math.fsum(self.entries.values())
        if abs(total - 1) > NEAR_ONE:
            raise ValueError(f"the probabilities have to be 1 together, not {total:g}")
        if twice := set(self.shadows) & set(self.entries):
            raise ValueError(f"{', '.join(sorted(twice))} cannot answer and be a shadow at once")
        return self

    @property
    def generations(self) -> tuple[str, ...]:
        """Those that have to be loaded, shadows at the end."""
        return (*self.entries, *dict.fromkeys(self.shadows))

    def grown(self, before: GenerationMapping) -> frozenset[str]:
        """The generations that answer more often than before."""
        return frozenset(
            name for name, share in self.entries.items() if share > before.entries.get(name, 0)
        )


class FallBack(Value):
    """That the node went back to the mapping before, and why."""

    generation: Name
    reason: str
    at: datetime


class ServiceState(Value):
    """What a node keeps of a service beside its generations."""

    enabled: bool = True
    access: Access = "package"
    tokens: TokenTrust | None = Field(
        default=None, description="tokens that open it beside keys; it is not public any more then"
    )
    mapping: GenerationMapping | None = Field(
        default=None, description="which generations answer; None: none was activated yet"
    )
    previous: GenerationMapping | None = Field(
        default=None, description="the mapping before, to which a guard goes back"
    )
    fell_back: FallBack | None = None
    revision: int = Field(default=0, description="counts the changes")
    mapped: datetime | None = Field(default=None, description="since when the mapping is this one")
    changed: datetime
    changed_by: str = ""

    def guarded_until(self) -> float | None:
        """Until when the guard looks, in seconds since 1970; None where there is none."""
        guard = self.mapping and self.mapping.guard
        if not guard or self.previous is None or self.mapped is None:
            return None
        return self.mapped.timestamp() + 60 * guard.minutes

    def needs(self, at: float) -> tuple[str, ...]:
        """The generations that have to be loaded at a moment, in seconds since 1970."""
        if not self.enabled or self.mapping is None:
            return ()
        until = self.guarded_until()
        standby = self.previous.entries if self.previous and until and at < until else ()
        return tuple(dict.fromkeys((*self.mapping.generations, *standby)))
