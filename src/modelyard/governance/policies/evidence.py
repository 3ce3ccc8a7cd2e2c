"""What is known of a version when a policy is asked, now or at a moment that has passed."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, Self

from pydantic import JsonValue

from modelyard.kernel.values import Value, Verdict

Part = tuple[str, Any]
"""A field of the evidence, and what a room knows of it."""
CheckOutcome = Literal["ok", "warning", "error", "empty", "not_applicable"]
Decision = Literal["approved", "rejected", "abandoned"]


class Measurement(Value):
    """A metric of an evaluation, with its interval."""

    value: float | None = None
    low: float | None = None
    high: float | None = None


class Evaluated(Value):
    """An evaluation of the version."""

    id: str
    name: str
    store: str | None = None
    dataset: str | None = None
    created: datetime
    metrics: dict[str, Measurement] = {}


class Checked(Value):
    """What came of a check on an evaluation of the version."""

    check: str
    store: str
    evaluation: str
    outcome: CheckOutcome
    title: str = ""
    created: datetime


class Decided(Value):
    """What the final approver of a step decided."""

    step: str
    decision: Decision | None = None
    by: str = ""
    at: datetime | None = None
    reason: str = ""
    """Why an earlier decision no longer holds."""


class Evidence(Value):
    """What is known of a version."""

    item: str
    digest: str
    """Of what it is now."""
    gathered: datetime
    governed: bool
    files: str = ""
    """Digest of its files."""
    verdict: Verdict | None = None
    fields: dict[str, JsonValue] = {}
    required: tuple[str, ...] = ()
    """The fields that its template wants filled in."""
    evaluations: tuple[Evaluated, ...] = ()
    checks: tuple[Checked, ...] = ()
    sign_offs: tuple[Decided, ...] = ()
    """How each is now."""
    decisions: tuple[Decided, ...] = ()
    """All that were ever made, the oldest first."""

    def at(self, moment: datetime) -> Self:
        """What was known then; fields of the item are those of now, which have no history here."""
        return self.model_copy(
            update={
                "evaluations": tuple(e for e in self.evaluations if e.created <= moment),
                "checks": tuple(c for c in self.checks if c.created <= moment),
                "sign_offs": self._sign_offs(moment),
            }
        )

    def _sign_offs(self, moment: datetime) -> tuple[Decided, ...]:
        if moment >= self.gathered:
            return self.sign_offs
        last = {
            each.step: each for each in self.decisions if each.at is not None and each.at <= moment
        }
        return tuple(last.get(each.step, Decided(step=each.step)) for each in self.sign_offs)
