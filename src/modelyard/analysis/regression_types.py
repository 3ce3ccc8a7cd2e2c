"""What the analysis answers of a regression."""

from __future__ import annotations

from pydantic import Field

from modelyard.analysis.types import Gaps, Numbers, Table
from modelyard.kernel.values import Value


class RegressionOptions(Value):
    """How predictions of a number are looked at."""

    confidence: float = Field(default=0.95, gt=0, lt=1)
    winsorised_from: float = Field(default=0.02, ge=0, lt=0.5)
    winsorised_to: float = Field(default=0.98, gt=0.5, le=1)
    seed: int = 1337


class ErrorPercentiles(Table):
    """Percentiles of errors (prediction less truth) and of their absolute values, with limits."""

    percent: Numbers
    error: Numbers
    error_low: Gaps
    error_high: Gaps
    absolute: Numbers
    absolute_low: Gaps
    absolute_high: Gaps


class ErrorHistogram(Table):
    """Weights of rows by error; errors beyond the winsorised percentiles are in the outer bins."""

    low: Numbers
    high: Numbers
    weight: Numbers
    mean: float | None = Field(default=None, description="of the winsorised errors, as std")
    std: float | None = None
    smallest: float | None = Field(default=None, description="before they were winsorised")
    largest: float | None = None


class QQ(Table):
    """Quantiles of errors by those of a normal distribution of mean 0 and deviation 1."""

    normal: Numbers
    error: Numbers
    mean: float | None = Field(default=None, description="with std the line of normal errors")
    std: float | None = None


class ScatterCells(Table):
    """Weights of rows in squares of truth by prediction; only those that have any.

    The outer squares hold what lies beyond.
    """

    truth_low: Numbers
    truth_high: Numbers
    predicted_low: Numbers
    predicted_high: Numbers
    weight: Numbers


class ScatterSample(Table):
    """A sample of rows; `row` counts from 0 among all that came."""

    row: tuple[int, ...]
    truth: Numbers
    predicted: Numbers


class Residuals(Table):
    """Errors by groups of a feature's values."""

    label: tuple[str, ...]
    center: Gaps = Field(description="mean of the values; none for categories")
    weight: Numbers
    mean: Gaps
    low: Gaps
    high: Gaps
    std: Gaps
    mean_absolute: Gaps
