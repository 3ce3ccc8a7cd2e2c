"""What the analysis answers of a model's features: their importance, what depends on them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from modelyard.analysis.types import Gaps, Numbers, Table
from modelyard.kernel.values import Value


class Importances(Table):
    """How much worse a metric is without what each column tells, the largest first."""

    metric: str
    baseline: float = Field(description="the metric of the rows as they are")
    rows: int
    repeats: int = Field(description="how often each column was permuted")
    refused: int = Field(default=0, description="rows that the model refused once permuted")
    column: tuple[str, ...]
    importance: Gaps = Field(
        description="mean over the repeats of how much worse the metric is; none: it cannot be "
        "computed of permuted rows"
    )
    low: Gaps = Field(description="limits of the mean over all permutations")
    high: Gaps
    std: Gaps = Field(description="between the repeats")


class IceCurve(Value):
    """What the model would answer of one row for each point of the grid."""

    row: int = Field(description="its position among the rows of the evaluation, from 0")
    effect: Gaps


class Distribution(Table):
    """Weights of rows by the values of a column."""

    label: tuple[str, ...]
    low: Gaps = Field(description="of numbers and moments: the limits of the bin")
    high: Gaps
    weight: Numbers


class Dependence(Table):
    """What a model answers on average if a column has the same value in all rows."""

    column: str
    kind: Literal["number", "moment", "word"] = Field(description="what the column holds")
    scale: Literal["log-odds", "prediction"] = Field(
        description="of effects: log-odds of the outcome's probability, or the prediction itself"
    )
    overall: float | None = Field(description="mean of the predictions of the rows as they are")
    overall_effect: float | None = Field(description="the same on the scale; effects are less it")
    rows: int
    refused: int = Field(
        default=0, description="answers that the model refused once the value was put in"
    )
    label: tuple[str, ...] = Field(description="the values of the grid")
    value: Gaps = Field(description="numbers, or microseconds since 1970; none: other words")
    missing: tuple[bool, ...] = Field(description="whether it is that of missing values")
    average: Gaps = Field(description="mean prediction, or probability of the outcome")
    effect: Gaps = Field(description="mean on the scale, less that of the rows as they are")
    curves: tuple[IceCurve, ...] = Field(
        default=(), description="the effects of single rows (ICE), less the same overall mean"
    )
    distribution: Distribution
