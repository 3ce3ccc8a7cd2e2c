"""Metrics of predicted numbers, with intervals."""

from __future__ import annotations

import math

import numpy as np

from modelyard.analysis.arrays import Floats, Interval, absent, metric
from modelyard.analysis.intervals import around, normal_quantile, of_mean
from modelyard.analysis.types import Metric

NO_ROWS = "there are no rows"
CODES = ("explainedVariance", "mape", "mae", "mse", "rmse", "rmsle", "r2", "pearson")


class Fit:
    """Truth and prediction of rows that can be used."""

    def __init__(
        self, truth: Floats, predicted: Floats, weights: Floats | None, confidence: float
    ) -> None:
        self._truth = truth
        self._predicted = predicted
        self._weights = weights
        self._confidence = confidence
        self._error = predicted - truth

    def metrics(self) -> tuple[Metric, ...]:
        """The metrics of MET-04."""
        if not len(self._truth):
            return tuple(absent(code, NO_ROWS) for code in CODES)
        squares = self._mean("mse", self._error * self._error)
        return (
            self._explained("explainedVariance", self._error - self._average(self._error)),
            self._mape(),
            self._mean("mae", abs(self._error)),
            squares,
            rooted("rmse", squares),
            self._rmsle(),
            self._explained("r2", self._error),
            self._pearson(),
        )

    def _average(self, values: Floats) -> float:
        return float(np.average(values, weights=self._weights))

    def _mean(self, code: str, losses: Floats, weights: Floats | None = None) -> Metric:
        weights = self._weights if weights is None else weights
        value, (low, high, method) = of_mean(losses, weights, self._confidence)
        return metric(code, value, (max(low, 0.0), high, method))

    def _mape(self) -> Metric:
        """Mean of the absolute errors' shares of the true values, of rows where that is not zero.

        scikit-learn divides by 2e-16 instead, so that one such row decides.
        """
        known = self._truth != 0
        left = int(len(known) - np.count_nonzero(known))
        if left == len(known):
            return absent("mape", "the truth is zero for all rows")
        weights = None if self._weights is None else self._weights[known]
        shares = abs(self._error[known] / self._truth[known])
        found = self._mean("mape", shares, weights)
        if not left:
            return found
        rows = (
            "1 row whose truth is zero is" if left == 1 else f"{left} rows whose truth is zero are"
        )
        return found.model_copy(update={"note": f"{rows} left out"})

    def _rmsle(self) -> Metric:
        """Root of the mean squared gap of logarithms of one more than truth and prediction."""
        odd = int(np.count_nonzero((self._truth <= -1) | (self._predicted <= -1)))
        if odd:
            rows = "1 row has" if odd == 1 else f"{odd} rows have"
            return absent("rmsle", f"{rows} a truth or prediction of -1 or less")
        gap = np.log1p(self._predicted) - np.log1p(self._truth)
        return rooted("rmsle", self._mean("rmsle", gap * gap))

    def _explained(self, code: str, error: Floats) -> Metric:
        """One less the errors' share of the variance of the truth (Kvålseth 1985, The American
        Statistician 39, equation 1); of errors less their mean it is the explained variance.
        """  # noqa: D205
        gap = self._truth - self._average(self._truth)
        spread, lost = self._sum(gap * gap), self._sum(error * error)
        if constant(self._truth):
            return absent(code, "the truth is the same for all rows")
        value = 1 - lost / spread
        slope = (error * error - (1 - value) * gap * gap) / spread
        weight = 1.0 if self._weights is None else self._weights
        variance = float(((weight * slope) ** 2).sum())
        size = self._size()
        return metric(
            code,
            value,
            around(value, variance * size / (size - 1), self._confidence, within=(-math.inf, 1.0)),
        )

    def _sum(self, values: Floats) -> float:
        return float(values.sum() if self._weights is None else values @ self._weights)

    def _size(self) -> float:
        if self._weights is None:
            return float(len(self._truth))
        return float(self._weights.sum()) ** 2 / float(self._weights @ self._weights)

    def _pearson(self) -> Metric:
        """Pearson's correlation; limits by Fisher's transformation (1915), Biometrika 10."""
        for name, values in (("truth", self._truth), ("prediction", self._predicted)):
            if constant(values):
                return absent("pearson", f"the {name} is the same for all rows")
        truth = self._truth - self._average(self._truth)
        predicted = self._predicted - self._average(self._predicted)
        root = math.sqrt(self._sum(truth * truth)) * math.sqrt(self._sum(predicted * predicted))
        if not root:
            return absent("pearson", "truth or prediction hardly differ between rows")
        value = min(max(self._sum(truth * predicted) / root, -1.0), 1.0)
        return metric("pearson", value, self._fisher(value))

    def _fisher(self, value: float) -> Interval | str:
        size = self._size()
        if size <= 3:
            return "an interval takes four rows"
        if abs(value) == 1:
            return value, value, "fisher"
        half = normal_quantile(self._confidence) / math.sqrt(size - 3)
        middle = math.atanh(value)
        return math.tanh(middle - half), math.tanh(middle + half), "fisher"


def constant(values: Floats) -> bool:
    """Whether all are the same."""
    return bool((values == values[0]).all())


def rooted(code: str, found: Metric) -> Metric:
    """The square root of a metric and of its limits."""
    roots = {
        name: None if number is None else math.sqrt(max(number, 0.0))
        for name, number in (("value", found.value), ("low", found.low), ("high", found.high))
    }
    return found.model_copy(update={"code": code, **roots})
