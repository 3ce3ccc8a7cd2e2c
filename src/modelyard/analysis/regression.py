"""Everything that is told of predicted numbers."""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np
import numpy.typing as npt

from modelyard.analysis.arrays import Floats, Ints, absent, gaps, metric, plain, summed
from modelyard.analysis.errors_of_rows import Sorted, against_normal, histogram, percentiles
from modelyard.analysis.fit import NO_ROWS, Fit, rooted
from modelyard.analysis.grouping import Grouping
from modelyard.analysis.intake import keep
from modelyard.analysis.intervals import normal_quantile, of_mean
from modelyard.analysis.regression_types import (
    QQ,
    ErrorHistogram,
    ErrorPercentiles,
    RegressionOptions,
    Residuals,
    ScatterCells,
    ScatterSample,
)
from modelyard.analysis.types import Intake, Metric

SQUARES = 60
"""Cells of the scatter chart in each direction."""
SAMPLE = 1000
BEYOND = 0.001
"""The share of rows at each end that may lie beyond the squares of the scatter chart."""


class Regression:
    """Truth and predictions of a number.

    Args:
        truth: NaN where it is missing; infinite truths count as missing.
        predicted: NaN where it is missing; infinite predictions count as missing.
        weights: of each row; none: all are 1.
        options: how they are looked at.
    """

    def __init__(
        self,
        truth: npt.ArrayLike,
        predicted: npt.ArrayLike,
        weights: npt.ArrayLike | None = None,
        *,
        options: RegressionOptions | None = None,
    ) -> None:
        self.options = options or RegressionOptions()
        actual = np.asarray(truth, np.float64)
        answers = np.asarray(predicted, np.float64)
        self.kept = keep(np.isfinite(actual), np.isfinite(answers), weights)
        if self.kept.mask is not None:
            actual, answers = actual[self.kept.mask], answers[self.kept.mask]
        self.truth: Floats = actual
        self.predicted: Floats = answers
        self.weights = self.kept.weights
        self.error: Floats = answers - actual

    @property
    def intake(self) -> Intake:
        """Which rows were used."""
        return self.kept.intake

    def part(self, rows: Ints) -> Regression:
        """Some of the rows that are used."""
        weights = None if self.weights is None else self.weights[rows]
        return Regression(self.truth[rows], self.predicted[rows], weights, options=self.options)

    def metrics(self) -> tuple[Metric, ...]:
        """The metrics of MET-04, and errors winsorised."""
        fit = Fit(self.truth, self.predicted, self.weights, self.options.confidence)
        return (*fit.metrics(), *self._winsorised())

    def _winsorised(self) -> tuple[Metric, ...]:
        """Mean absolute and root mean squared error, extreme errors pulled in to the percentiles.

        Dixon (1960), Annals of Mathematical Statistics 31. The limits take the percentiles for
        known.
        """
        codes = ("maeWinsorised", "rmseWinsorised")
        if not len(self.error):
            return tuple(absent(code, NO_ROWS) for code in codes)
        clipped = self.clipped
        found = []
        for code, losses in zip(codes, (abs(clipped), clipped * clipped), strict=True):
            value, (low, high, method) = of_mean(losses, self.weights, self.options.confidence)
            found.append(metric(code, value, (max(low, 0.0), high, method)))
        return found[0], rooted(codes[1], found[1])

    @property
    def clipped(self) -> Floats:
        """The errors, winsorised."""
        found: Floats = np.clip(self.error, *self._ends)
        return found

    @cached_property
    def _sorted(self) -> Sorted:
        return Sorted(self.error, self.weights)

    @property
    def _ends(self) -> tuple[float, float]:
        """The percentiles of errors beyond which they are winsorised."""
        shares = np.array([self.options.winsorised_from, self.options.winsorised_to])
        low, high = self._sorted.quantiles(shares)
        return float(low), float(high)

    def error_percentiles(self) -> ErrorPercentiles:
        """Percentiles of errors and of absolute errors."""
        absolute = Sorted(abs(self.error), self.weights)
        return percentiles(self._sorted, absolute, self.options.confidence)

    def error_distribution(self) -> ErrorHistogram:
        """Errors counted in bins."""
        ends = self._ends if len(self.error) else (0.0, 0.0)
        return histogram(self.error, self.weights, ends)

    def quantile_quantile(self) -> QQ:
        """Quantiles of errors against normal ones."""
        if not len(self.error):
            return against_normal(self._sorted, math.nan, math.nan)
        mean = float(np.average(self.error, weights=self.weights))
        square = np.average((self.error - mean) ** 2, weights=self.weights)
        return against_normal(self._sorted, mean, math.sqrt(float(square)))

    def errors_by_row(self) -> dict[str, Floats | Ints]:
        """For each row that is used: error, relative error, deciles (1 to 10) of the two signs.

        The relative error is NaN where the truth is zero.
        """
        known = self.truth != 0
        relative = np.full(len(self.error), np.nan)
        np.divide(self.error, self.truth, out=relative, where=known)
        return {
            "error": self.error,
            "error_decile": _deciles(self._sorted, self.error),
            "abs_error_decile": _deciles(Sorted(abs(self.error), self.weights), abs(self.error)),
            "relative_error": relative,
        }

    def residuals(self, grouping: Grouping, values: Floats | None = None) -> Residuals:
        """Errors by groups of a feature's values.

        Args:
            grouping: of all rows that came, whether used or not.
            values: the feature's, where it is a number, for the mean of each group.
        """
        used = grouping.of(self.kept.mask)
        count = len(used.groups)
        weight = np.ones(len(self.error)) if self.weights is None else self.weights

        def sums(of: Floats) -> Floats:
            return summed(used.codes, of, count)

        total = sums(weight)
        known = total > 0
        safe = np.where(known, total, 1)
        mean = np.where(known, sums(weight * self.error) / safe, np.nan)
        gap = self.error - mean[used.codes]
        variance = np.where(known, sums(weight * gap * gap) / safe, np.nan)
        spread, squares = sums((weight * gap) ** 2), sums(weight * weight)
        size = np.where(known, total * total / np.where(known, squares, 1), 0)
        error = np.sqrt(
            np.where(size > 1 + 1e-9, spread / safe**2 * size / np.maximum(size - 1, 1e-9), np.nan)
        )
        half = normal_quantile(self.options.confidence) * error
        center = np.full(count, np.nan)
        if values is not None:
            some = values if self.kept.mask is None else values[self.kept.mask]
            finite = np.isfinite(some)
            center = sums(np.where(finite, weight * np.where(finite, some, 0), 0)) / safe
            center = np.where(sums(weight * finite) > 0, center, np.nan)
        return Residuals(
            label=tuple(group.label for group in used.groups),
            center=gaps(center),
            weight=plain(total),
            mean=gaps(mean),
            low=gaps(mean - half),
            high=gaps(mean + half),
            std=gaps(np.sqrt(variance)),
            mean_absolute=gaps(np.where(known, sums(weight * abs(self.error)) / safe, np.nan)),
        )

    def scatter(self) -> ScatterCells:
        """Weights of rows in squares of truth by prediction."""
        if not len(self.truth):
            return ScatterCells(
                truth_low=(), truth_high=(), predicted_low=(), predicted_high=(), weight=()
            )
        shares = np.array([BEYOND, 1 - BEYOND])
        ends = [Sorted(x, self.weights).quantiles(shares) for x in (self.truth, self.predicted)]
        low = min(float(x[0]) for x in ends)
        high = max(float(x[1]) for x in ends)
        if low == high:
            low, high = low - 0.5, high + 0.5
        counts, edges, _ = np.histogram2d(
            np.clip(self.truth, low, high),
            np.clip(self.predicted, low, high),
            SQUARES,
            ((low, high), (low, high)),
            weights=self.weights,
        )
        truth, predicted = np.nonzero(counts)
        return ScatterCells(
            truth_low=plain(edges[truth]),
            truth_high=plain(edges[truth + 1]),
            predicted_low=plain(edges[predicted]),
            predicted_high=plain(edges[predicted + 1]),
            weight=plain(counts[truth, predicted]),
        )

    def scatter_sample(self, rows: int = SAMPLE) -> ScatterSample:
        """A sample of rows, the same for the same seed."""
        rng = np.random.default_rng(self.options.seed)
        some = np.sort(rng.permutation(len(self.truth))[:rows])
        came = some if self.kept.mask is None else np.flatnonzero(self.kept.mask)[some]
        return ScatterSample(
            row=tuple(came.tolist()),
            truth=plain(self.truth[some]),
            predicted=plain(self.predicted[some]),
        )


def _deciles(among: Sorted, values: Floats) -> Ints:
    if not len(values):
        return np.zeros(0, np.int64)
    inner = among.quantiles(np.arange(1, 10) / 10)
    return np.searchsorted(inner, values, side="left").astype(np.int64) + 1
