"""The words of what is told of the rows of an evaluation."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from modelyard.analysis.group_types import Fairness, WorstSlices
from modelyard.analysis.regression_types import Residuals
from modelyard.kernel.values import Value
from modelyard.runtime.types import Label, PredictionType, Row

Order = Literal["worst", "best"]
Loss = Literal["logLoss", "brierScore", "hammingLoss", "mse", "mae"]
"""Metrics that are the mean of what each row loses."""
LOSSES_OF: dict[PredictionType, tuple[Loss, ...]] = {
    "binary_classification": ("logLoss", "brierScore", "hammingLoss"),
    "multiclass": ("logLoss", "hammingLoss"),
    "regression": ("mse", "mae"),
}
"""The losses of each prediction type, the usual one first."""


class FairnessReport(Fairness):
    """Rates of the groups of a column against those of a reference group."""

    evaluation: str
    outcome_class: Label = Field(description="the class that is the outcome")
    threshold: float | None = Field(
        default=None, description="from which it is predicted; none: the model gives labels"
    )


class WorstReport(WorstSlices):
    """The slices on which a model is worse than on the other rows, and what was looked for."""

    evaluation: str
    columns: tuple[str, ...] = Field(description="whose values make the slices")
    combined: int = Field(description="columns that a slice combines at most")
    least: int = Field(description="rows below which a slice was not looked at")
    effect: float = Field(
        description="the least difference that is told, in standard deviations of the loss"
    )
    confidence: float = Field(
        description="one less the share of the slices told that may be there by chance"
    )
    created: datetime


class EvaluatedRow(Value):
    """A row of an evaluation: what is true, what was predicted, and all of its columns."""

    row: int = Field(description="its place in the sample, from 0")
    truth: Label
    predicted: Label = Field(description="of a binary model: at the evaluation's threshold")
    loss: float
    prediction_correct: bool | None = Field(default=None, description="of classes")
    error: float | None = Field(default=None, description="of numbers: prediction less truth")
    absolute_error: float | None = None
    relative_error: float | None = Field(
        default=None, description="error over truth; none where the truth is zero"
    )
    error_decile: int | None = Field(
        default=None, description="1: among the tenth of the rows with the lowest errors, to 10"
    )
    abs_error_decile: int | None = Field(default=None, description="the same of absolute errors")
    values: Row = Field(description="of the dataset's columns, then of the predictions")


class EvaluatedRows(Value):
    """The rows of an evaluation that lose most, or least."""

    evaluation: str
    order: Order
    metric: Loss = Field(description="whose loss they are in the order of")
    used: int = Field(
        description="rows with truth, prediction and weight that were asked for, of which these "
        "are the first"
    )
    rows: tuple[EvaluatedRow, ...]


class ColumnResiduals(Residuals):
    """Errors of a regression by groups of a column's values."""

    evaluation: str
    column: str
