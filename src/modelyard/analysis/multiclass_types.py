"""What the analysis answers of a model with several classes."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from modelyard.analysis.types import Band, Gaps, Metric, Numbers, Table
from modelyard.kernel.values import Value

Label = bool | int | float | str


class MulticlassOptions(Value):
    """How predictions of several classes are looked at."""

    confidence: float = Field(default=0.95, gt=0, lt=1)
    averaging: Literal["weighted", "macro"] = Field(
        default="weighted", description="classes count by the weight of their rows, or all alike"
    )
    calibration_groups: int = Field(default=15, ge=2, le=200)
    resamples: int = Field(default=400, ge=100, le=10_000)
    seed: int = 1337


class ConfusionMatrix(Value):
    """Weights of rows by true (down) and predicted class (across)."""

    classes: tuple[Label, ...]
    weights: tuple[Numbers, ...]

    def of_actual(self) -> tuple[Gaps, ...]:
        """Each cell as a share of the rows that are of its class."""
        return tuple(_shares(row, sum(row)) for row in self.weights)

    def of_predicted(self) -> tuple[Gaps, ...]:
        """Each cell as a share of the rows that are predicted to be of its class."""
        columns = [_shares(column, sum(column)) for column in zip(*self.weights, strict=True)]
        return tuple(zip(*columns, strict=True))


def _shares(parts: Numbers, whole: float) -> Gaps:
    return tuple(part / whole if whole else None for part in parts)


class Averages(Table):
    """Precision, recall and F1 over all classes, averaged in each way."""

    averaging: tuple[str, ...]
    precision: Gaps
    recall: Gaps
    f1: Gaps


class PerClass(Table):
    """Metrics of each class against all others."""

    label: tuple[Label, ...]
    weight: Numbers
    predicted_weight: Numbers
    precision: Gaps
    precision_low: Gaps
    precision_high: Gaps
    recall: Gaps
    recall_low: Gaps
    recall_high: Gaps
    f1: Gaps
    auc: Gaps
    auc_low: Gaps
    auc_high: Gaps
    average_precision: Gaps
    average_precision_low: Gaps
    average_precision_high: Gaps
    calibration_loss: Gaps


class MeanCurve(Table):
    """A curve over all classes: true positive rate by false positive rate, or precision by recall.

    Macro is the mean of the classes' curves, micro that of all pairs of a row and a class.
    """

    area: Metric
    x: Numbers
    y: Numbers
    band: Band | None = None
