"""What is known of a version when a policy is asked, now or at a moment that has passed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Literal, Self, get_args

from pydantic import JsonValue

from modelyard.kernel.values import Value, Verdict

Path = tuple[str, str, str]
"""Project, model and version."""
Paths = Sequence[Path]
"""Some hundred of them at most, so that a query can name them all."""
Parts = dict[str, Any]
"""Fields of the evidence of a version, and what a room knows of each."""
CheckOutcome = Literal["ok", "warning", "error", "empty", "not_applicable"]
Decision = Literal["approved", "rejected", "abandoned"]
DifferenceVerdict = Literal["better", "worse", "indistinguishable", "unknown"]
CardPart = Literal[
    "description", "contact", "provenance", "signature", "intended_use", "out_of_scope", "factors",
    "metrics", "evaluation_data", "training_data", "fairness", "explanations", "ethics",
    "limitations",
]  # fmt: skip
CARD_PARTS: tuple[CardPart, ...] = get_args(CardPart)
"""What a complete model card tells, after Mitchell et al., Model Cards for Model Reporting."""

FORGED = "its timeline tells otherwise: run `modelyard audit verify`"
"""Why an approval does not count that nobody gave."""


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
    files: str | None = None
    """Digest of the files that were evaluated; None: not known."""


class Activated(Value):
    """A version that became the active one of its model; None: none was from then on."""

    version: str | None
    at: datetime


class Difference(Value):
    """How far the version is from another one in a metric, on the same rows."""

    evaluation: str
    """Of this version."""
    beside: str
    """The evaluation of the other one."""
    metric: str
    difference: float
    low: float | None = None
    high: float | None = None
    verdict: DifferenceVerdict = "unknown"


class Gap(Value):
    """How far the groups of a column are apart on an evaluation, by each criterion."""

    evaluation: str
    by: str
    reference: str | None = None
    """The group that was asked for; None: the largest one."""
    outcome: str | None = None
    """The class that was asked for; None: the positive one."""
    measured: dict[str, Measurement] = {}
    """The largest difference of a group to the reference, by criterion."""
    groups: dict[str, str] = {}
    """The group that differs so much, by criterion."""
    problem: str = ""
    """Why its groups cannot be compared."""


class Excepted(Value):
    """A clause that need not hold for a while."""

    policy: str
    clause: dict[str, JsonValue]
    """As it was when somebody made the exception."""
    digest: str
    """Of the version, as it was."""
    until: datetime
    by: str
    reason: str


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
    """Why an earlier decision no longer holds, or why what is kept as one is none."""


class Told(Value):
    """A part of the version's model card that is there."""

    part: CardPart
    since: datetime


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
    card: tuple[Told, ...] = ()
    active: str | None = None
    """The active version of its model."""
    active_files: str = ""
    """Digest of its files, if it is another one."""
    activations: tuple[Activated, ...] = ()
    """Which ones were, the oldest first."""
    rivals: dict[str, tuple[Evaluated, ...]] = {}
    """Evaluations of the other versions that were active, by version."""
    differences: tuple[Difference, ...] = ()
    """From these, where it was found out on the same rows."""
    gaps: tuple[Gap, ...] = ()
    """Of these evaluations, where somebody asked how far groups are apart."""
    exceptions: tuple[Excepted, ...] = ()

    @property
    def version(self) -> str:
        """What it is called in its model."""
        return self.item.rpartition("/")[2]

    def of_these_files(self) -> Self:
        """Without what was found of other files that once had the name of one of the versions."""
        mine = tuple(of_files(self.files, self.evaluations))
        there = {each.id for each in mine}
        rivals = dict(self.rivals)
        if self.active in rivals and self.active_files:
            rivals[self.active] = tuple(of_files(self.active_files, rivals[self.active]))
        checks = tuple(each for each in self.checks if each.evaluation in there)
        return self.model_copy(update={"evaluations": mine, "checks": checks, "rivals": rivals})

    def at(self, moment: datetime) -> Self:
        """What was known then; fields of the item are those of now, which have no history here."""
        return self.model_copy(
            update={
                "evaluations": tuple(e for e in self.evaluations if e.created <= moment),
                "checks": tuple(c for c in self.checks if c.created <= moment),
                "card": tuple(t for t in self.card if t.since <= moment),
                "sign_offs": self._sign_offs(moment),
                "active": self._active(moment),
                "rivals": {
                    version: tuple(each for each in told if each.created <= moment)
                    for version, told in self.rivals.items()
                },
            }
        )

    def _active(self, moment: datetime) -> str | None:
        if moment >= self.gathered:
            return self.active
        before = [each.version for each in self.activations if each.at <= moment]
        return before[-1] if before else None

    def _sign_offs(self, moment: datetime) -> tuple[Decided, ...]:
        if moment >= self.gathered:
            return self.sign_offs
        last = {
            each.step: each for each in self.decisions if each.at is not None and each.at <= moment
        }
        return tuple(last.get(each.step, Decided(step=each.step)) for each in self.sign_offs)


def of_files(files: str, told: Iterable[Evaluated]) -> Iterator[Evaluated]:
    """Those of some evaluations that were made of these files, or of nobody knows which."""
    return (each for each in told if each.files is None or each.files == files)
