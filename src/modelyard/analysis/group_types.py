"""What the analysis answers of groups of rows: slices, the worst of them, fairness."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from modelyard.analysis.types import Gaps, Metric, Table
from modelyard.kernel.values import Value

Criterion = Literal[
    "demographicParity", "equalisedOdds", "equalOpportunity", "predictiveRateParity"
]
"""What is to be the same for all groups."""


class Group(Value):
    """Rows whose value in a column is alike."""

    label: str
    kind: Literal["value", "range", "other", "missing"]
    low: float | None = Field(default=None, description="least value; that of a range is outside")
    high: float | None = None


class Slice(Value):
    """What is told of the rows of one group."""

    group: Group | None = Field(description="none: all rows")
    rows: int
    weight: float
    share: float = Field(description="of the weight of all rows")
    excluded: bool = Field(default=False, description="too few rows to tell metrics of")
    actual: float | None = Field(
        default=None, description="positive rate; mean of the truth; of classes: none"
    )
    predicted: float | None = Field(default=None, description="the same of the predictions")
    actual_std: float | None = Field(default=None, description="of regressions")
    predicted_std: float | None = None
    metrics: tuple[Metric, ...] = ()


class Slices(Value):
    """Metrics of each subgroup of a column, and of all rows."""

    column: str
    total: Slice
    slices: tuple[Slice, ...]


class Condition(Value):
    """A group of a column."""

    column: str
    group: Group


def named(conditions: tuple[Condition, ...]) -> str:
    """Conditions in words."""
    return " and ".join(f"{each.column}: {each.group.label}" for each in conditions)


class WorstSlice(Value):
    """A subgroup on which the model is worse than on the other rows."""

    conditions: tuple[Condition, ...]
    also: tuple[tuple[Condition, ...], ...] = Field(
        default=(), description="conditions that hold for nearly the same rows"
    )
    rows: int
    weight: float
    loss: float = Field(description="mean of the rows of the slice")
    rest: float = Field(description="mean of all other rows")
    low: float = Field(description="limits of the difference of the two")
    high: float
    effect: float = Field(description="the difference in standard deviations of the loss")
    share_of_loss: float = Field(
        description="of the loss of all rows, that the slice would not have if it were as the rest"
    )
    p: float = Field(
        description="of a difference as large by chance in this slice alone; of pairs from the "
        "rest of each part, too"
    )
    q: float = Field(description="the same, corrected for all slices that were looked at")


class WorstSlices(Value):
    """The worst subgroups; first where the difference is largest in units of its error."""

    loss: str
    looked_at: int = Field(description="slices that were compared with the other rows")
    overall: float | None
    slices: tuple[WorstSlice, ...]
    reason: str | None = Field(default=None, description="why none could be looked at")


class GroupRates(Table):
    """Rates of each group with their limits."""

    label: tuple[str, ...]
    weight: tuple[float, ...]
    positive_rate: Gaps
    positive_rate_low: Gaps
    positive_rate_high: Gaps
    true_positive_rate: Gaps
    true_positive_rate_low: Gaps
    true_positive_rate_high: Gaps
    false_positive_rate: Gaps
    false_positive_rate_low: Gaps
    false_positive_rate_high: Gaps
    predictive_value: Gaps
    predictive_value_low: Gaps
    predictive_value_high: Gaps


class Disparity(Value):
    """How far a group's rate is from that of the reference."""

    criterion: Criterion
    group: str | None = Field(default=None, description="the group that differs most")
    rate: str | None = None
    difference: Metric
    ratio: float | None = None


class Fairness(Value):
    """Rates by group against a reference group."""

    column: str
    reference: str
    outcome: Literal["positive", "negative"]
    rates: GroupRates
    disparities: tuple[Disparity, ...] = Field(description="the largest of each criterion")
    differences: tuple[Disparity, ...] = Field(description="of every group and criterion")
