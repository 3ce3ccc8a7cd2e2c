"""What the analysis answers: metrics with intervals, tables for charts, what was left out."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from modelyard.kernel.values import Value

Method = Literal["wilson", "delong", "delta", "normal", "bootstrap", "newcombe", "fisher", "order"]
Numbers = tuple[float, ...]
Gaps = tuple[float | None, ...]
"""Numbers of which some cannot be computed."""


class Metric(Value):
    """A number of merit with its confidence interval, or the reason why there is none."""

    code: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    method: Method | None = Field(default=None, description="how the interval was found")
    reason: str | None = Field(
        default=None, description="why there is no value, or none of the interval"
    )
    note: str | None = Field(default=None, description="what the value does not tell")


class Intake(Value):
    """How many rows were used, and how many not, and why."""

    rows: int
    used: int
    without_truth: int = 0
    without_prediction: int = Field(default=0, description="missing or NaN")
    without_weight: int = Field(default=0, description="weight zero")
    bad_weight: int = Field(default=0, description="weight missing, negative or infinite")
    no_probabilities: int = Field(default=0, description="used, with a score outside of 0 to 1")
    not_summing_to_one: int = Field(
        default=0, description="used, with probabilities that do not sum to one within 0.001"
    )
    total_weight: float = 0


class Gains(Value):
    """What a row of each kind is worth, for the cost-matrix gain."""

    true_positive: float = 1.0
    false_positive: float = -0.3
    true_negative: float = 0.0
    false_negative: float = 0.0


class Cells(Value):
    """A binary confusion matrix, in weights of rows."""

    true_positive: float
    false_positive: float
    true_negative: float
    false_negative: float


class AtThreshold(Value):
    """What comes of predicting the positive class from a score on."""

    threshold: float
    cells: Cells
    metrics: tuple[Metric, ...]


class Table(Value):
    """Columns of one length: its fields that are tuples of numbers or words."""

    def columns(self) -> dict[str, tuple[float | int | str | None, ...]]:
        """The columns by name, in their order."""
        found = ((name, getattr(self, name)) for name in type(self).model_fields)
        return {
            name: column
            for name, column in found
            if isinstance(column, tuple) and not any(isinstance(x, Value) for x in column)
        }


class Limits(Table):
    """Confidence limits of a column, point by point."""

    low: Gaps
    high: Gaps


class DecisionChart(Table):
    """Cells and metrics by threshold."""

    threshold: Numbers
    true_positive: Numbers
    false_positive: Numbers
    true_negative: Numbers
    false_negative: Numbers
    precision: Gaps
    recall: Gaps
    f1: Gaps
    accuracy: Gaps
    mcc: Gaps
    hamming_loss: Gaps
    cost_matrix_gain: Gaps
    specificity: Gaps
    predicted_positive: Gaps
    limits: dict[str, Limits] = Field(description="of the metrics, by their codes")


class Band(Table):
    """Pointwise confidence limits of a curve."""

    x: Numbers
    low: Numbers
    high: Numbers


class RocCurve(Table):
    """True positive rate by false positive rate, joined by straight lines."""

    area: Metric
    threshold: Gaps = Field(description="none: a point that keeps the area")
    false_positive_rate: Numbers
    true_positive_rate: Numbers
    band: Band | None = None


class PrecisionRecallCurve(Table):
    """Precision by recall: from each recall back to the one before, precision is constant."""

    area: Metric
    base_rate: float | None = None
    threshold: Numbers
    recall: Numbers
    precision: Numbers = Field(description="mean over the step, so that the area is kept")
    band: Band | None = None


class GainCurve(Table):
    """The share of positives found by the share of rows targeted, likeliest first."""

    lift: Metric
    at_share: float
    threshold: Gaps = Field(description="none: a point that keeps the area")
    targeted: Numbers
    found: Numbers
    wizard_targeted: Numbers = Field(default=(), description="the corners of a perfect ranking")
    wizard_found: Numbers = ()
    band: Band | None = None


class LiftBins(Table):
    """Rows in groups of equal size by falling score; positive rate over that of all rows."""

    group: tuple[int, ...]
    lowest_score: Numbers
    weight: Numbers
    positive_rate: Numbers
    lift: Gaps
    low: Gaps
    high: Gaps


class CalibrationCurve(Table):
    """Observed positive rate by mean predicted probability, in groups of rows."""

    loss: Metric
    predicted: Numbers
    observed: Numbers
    low: Gaps
    high: Gaps
    weight: Numbers


class Densities(Table):
    """Densities of scores of the positive and of the negative rows."""

    score: Numbers
    positive: Gaps
    negative: Gaps
    positive_median: float | None = None
    negative_median: float | None = None


class BestThreshold(Value):
    """The threshold that is best for a metric, or why there is none."""

    code: str
    threshold: float | None = None
    value: float | None = None
    reason: str | None = None


class BinaryOptions(Value):
    """How binary scores are looked at."""

    confidence: float = Field(default=0.95, gt=0, lt=1)
    gains: Gains = Gains()
    lift_share: float = Field(default=0.4, gt=0, le=1, description="share of rows of the lift")
    calibration_groups: int = Field(default=15, ge=2, le=200)
    calibration_by: Literal["size", "width"] = Field(
        default="size", description="groups of equal size, or of equal width from 0 to 1"
    )
    resamples: int = Field(default=400, ge=100, le=10_000)
    cells: int = Field(
        default=512, ge=16, le=10_000, description="of neighbouring scores, resampled together"
    )
    seed: int = 1337
