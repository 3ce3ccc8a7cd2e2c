"""The words of checks: what has to hold of the evaluations of a store, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from modelyard.analysis.names import OF_DRIFT
from modelyard.evaluations.assertion_types import Finite
from modelyard.evaluations.commands import CODE
from modelyard.evaluations.labels import LabelKey, LabelText
from modelyard.evaluations.numbered import CheckOutcome
from modelyard.kernel.values import Json, Name, OneLine, Value

CheckKind = Literal["range", "values", "python", "typical", "drift", "significance", "numbered"]
Code = Annotated[str, StringConstraints(pattern=CODE)]
CheckLabel = Annotated[OneLine, Field(min_length=1, max_length=100)]
NumberedCode = Annotated[str, StringConstraints(pattern=r"^E[1-9][0-9]{2}$")]

RANKS: tuple[CheckOutcome, ...] = ("not_applicable", "empty", "ok", "warning", "error")
"""From the one that says least to the worst."""
LONGEST_CODE = 1 << 17
BOUNDS = ("min", "soft_min", "soft_max", "max")
TAKEN: dict[CheckKind, tuple[str, ...]] = {
    "range": ("metric", *BOUNDS),
    "values": ("metric", "label", "values"),
    "python": ("code", "seconds"),
    "typical": ("metric", "runs", "days", "soft_k", "hard_k"),
    "drift": ("metric", *BOUNDS),
    "significance": ("metric", "margin"),
    "numbered": ("codes",),
}
"""The settings that checks of a kind take."""


def worst_of(outcomes: Iterable[CheckOutcome]) -> CheckOutcome:
    """The worst of some outcomes; 'empty' where there are none."""
    return max(outcomes, key=RANKS.index, default="empty")


class CheckSettings(Value):
    """What has to hold of an evaluation; each kind takes settings of its own."""

    kind: CheckKind = Field(
        examples=["numbered"],
        description="'range': a metric within bounds; 'values': a metric or label among values; "
        "'python': code that decides; 'typical': a metric within its usual range; 'drift': of "
        "the evaluation; 'significance': a metric really worse than that of the reference; "
        "'numbered': the numbered checks of the evaluation",
    )
    metric: Code | None = Field(
        default=None,
        description="range, values, typical, significance: code of the metric; drift: code of the "
        "metric of drift [its verdict]",
    )
    label: LabelKey | None = Field(
        default=None, description="values: key of the label, in place of a metric"
    )
    min: Finite | None = Field(default=None, description="range, drift: an error below it")
    soft_min: Finite | None = Field(default=None, description="range, drift: a warning below it")
    soft_max: Finite | None = Field(default=None, description="range, drift: a warning above it")
    max: Finite | None = Field(default=None, description="range, drift: an error above it")
    values: tuple[LabelText, ...] = Field(
        default=(), max_length=1000, description="values: those that are allowed"
    )
    code: str = Field(
        default="",
        max_length=LONGEST_CODE,
        description="python: code of a function `check` that returns an outcome, or an outcome and "
        "a message",
    )
    seconds: float = Field(default=30, gt=0, le=600, description="python: that it may take at most")
    runs: int | None = Field(
        default=None,
        ge=3,
        le=10_000,
        description="typical: learn from so many evaluations before it [all]",
    )
    days: float | None = Field(
        default=None,
        gt=0,
        le=36_500,
        description="typical: learn from evaluations of so many days before it [all]",
    )
    soft_k: float = Field(
        default=1.5,
        ge=0,
        le=1000,
        description="typical: a warning further than so many interquartile ranges from the "
        "quartiles",
    )
    hard_k: float = Field(
        default=3, ge=0, le=1000, description="typical: an error further than so many of them"
    )
    margin: float = Field(
        default=0,
        ge=0,
        le=1e12,
        description="significance: a warning instead of an error as long as it may be worse by no "
        "more than this",
    )
    codes: tuple[NumberedCode, ...] = Field(
        default=(), max_length=100, description="numbered: codes of those that count [all]"
    )

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        fields = CheckSettings.model_fields
        for name in self.model_fields_set & fields.keys() - {"kind", *TAKEN[self.kind]}:
            if getattr(self, name) != fields[name].default:
                raise ValueError(
                    f"a check of kind {self.kind!r} takes no {name}; it takes "
                    f"{', '.join(TAKEN[self.kind])}"
                )
        _require(self)
        return self


def _require(asked: CheckSettings) -> None:
    bounds = [getattr(asked, name) for name in BOUNDS]
    given = [bound for bound in bounds if bound is not None]
    if given != sorted(given):
        raise ValueError("bounds have to rise: min, soft_min, soft_max, max")
    if asked.kind in {"range", "typical", "significance"} and asked.metric is None:
        raise ValueError(f"a check of kind {asked.kind!r} needs the code of a metric")
    if asked.kind == "range" and not given:
        raise ValueError("a range needs one of min, soft_min, soft_max and max")
    if asked.kind == "drift" and (asked.metric is None) != (not given):
        raise ValueError("bounds of drift are of a metric; give both, or none for its verdict")
    if asked.kind == "drift" and asked.metric not in {None, *OF_DRIFT}:
        raise ValueError(f"the metrics of drift are {', '.join(sorted(OF_DRIFT))}")
    if asked.kind == "values" and (asked.metric is None) == (asked.label is None):
        raise ValueError("a check of values looks at either a metric or a label")
    if asked.kind == "values" and not asked.values:
        raise ValueError("a check of values needs those that are allowed")
    if asked.kind == "python" and not asked.code.strip():
        raise ValueError("a check of kind 'python' needs code")
    if asked.soft_k > asked.hard_k:
        raise ValueError("soft_k lies above hard_k, so that it would never warn")


class Check(CheckSettings):
    """What has to hold of the evaluations of a store, under a name."""

    project: str
    store: Name
    name: Name
    description: str = ""
    labels: tuple[CheckLabel, ...] = Field(default=(), description="by which checks are chosen")
    disabled: bool = Field(default=False, description="it is not run, and its results do not count")
    version: int = Field(default=1, description="counts what it was changed to")
    created: datetime
    created_by: str | None = None


class CheckSummary(Check):
    """One line of a list of checks: with its result on the newest evaluation."""

    listed = (*("store", "name", "kind", "metric", "outcome", "message", "checked", "disabled"),)

    outcome: CheckOutcome | None = Field(default=None, description="None: it was never run")
    value: Json = None
    message: str = ""
    evaluation: str | None = Field(default=None, description="id of the one that was checked")
    checked: datetime | None = None


class CheckResult(Value):
    """What came of a check on an evaluation; nothing changes it afterwards."""

    listed = ("created", "store", "check", "outcome", "value", "message", "evaluation")

    id: str
    project: str
    store: Name
    check: Name = Field(description="its name")
    kind: CheckKind
    version: int = Field(description="of the check, as it was")
    evaluation: str = Field(description="id")
    evaluation_name: str = ""
    evaluated: datetime = Field(description="when the evaluation was made")
    outcome: CheckOutcome
    value: Json = Field(default=None, description="what was looked at")
    code: str = Field(default="", description="of the numbered check that decided")
    title: str = Field(default="", description="what was found, in a few words")
    evidence: str = Field(default="", description="the figures that say so, or why there are none")
    advice: str = Field(default="", description="what to do")
    message: str = Field(default="", description="all of it in a sentence")
    created: datetime
    created_by: str | None = None


class CheckRun(Value):
    """What came of the checks of a store on an evaluation."""

    project: str
    store: Name
    evaluation: str = Field(description="id")
    outcome: CheckOutcome = Field(description="the worst of all")
    outcomes: dict[str, CheckOutcome] = Field(description="that of each by its name")
    results: tuple[CheckResult, ...] = ()


class ReportedStore(Value):
    """A report of an evaluation store that was written."""

    store: Name
    evaluations: int = Field(description="how many are told of")
    metrics: tuple[str, ...] = Field(description="codes of those that are drawn")
    drift: int = Field(description="evaluations whose drift is in it")
    checks: int = Field(description="checks whose results are in it")
    workbenches: int = Field(description="evaluations whose threshold can be moved in it")
    size: int = Field(description="in bytes")
