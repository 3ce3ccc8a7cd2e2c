"""Errors of predicted numbers: percentiles, distribution, quantiles against the normal ones."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

from modelyard.analysis.arrays import Floats, gaps, plain
from modelyard.analysis.intervals import normal_quantile
from modelyard.analysis.regression_types import QQ, ErrorHistogram, ErrorPercentiles

PERCENTS = (1.0, 2.0, 5.0, 10.0, 25.0, 50.0, 75.0, 90.0, 95.0, 98.0, 99.0)
BINS = 40
POINTS = 199


class Sorted:
    """Numbers sorted once, with their weights."""

    def __init__(self, values: Floats, weights: Floats | None) -> None:
        if weights is None:
            self.values = np.sort(values)
            self.size = float(len(values))
            self._cumulated = None
        else:
            order = np.argsort(values)
            self.values = values[order]
            self._cumulated = np.cumsum(weights[order])
            self.size = float(weights.sum()) ** 2 / max(float(weights @ weights), 1e-300)

    def quantiles(self, shares: Floats) -> Floats:
        """Quantiles: between two rows on a line (Hyndman and Fan's type 7), weighted by a jump."""
        shares = np.clip(shares, 0, 1)
        last = len(self.values) - 1
        if self._cumulated is None:
            at = shares * last
            below = np.floor(at).astype(np.int64)
            above = np.minimum(below + 1, last)
            low, high = self.values[below], self.values[above]
            found: Floats = low + (high - low) * (at - below)
            return found
        at = np.searchsorted(self._cumulated, shares * self._cumulated[-1] * (1 - 1e-12))
        jumped: Floats = self.values[np.minimum(at, last)]
        return jumped

    def limits(self, shares: Floats, confidence: float) -> tuple[Floats, Floats]:
        """Limits of quantiles: order statistics by the normal approximation of the binomial.

        Conover (1999), Practical Nonparametric Statistics, section 3.2; NaN beyond the last row.
        """
        n = self.size
        half = normal_quantile(confidence) * np.sqrt(n * shares * (1 - shares))
        low, high = (n * shares - half) / n, (n * shares + half + 1) / n
        found_low = np.where(n * low >= 1, self.quantiles(low), np.nan)
        return found_low, np.where(high <= 1, self.quantiles(high), np.nan)


def percentiles(errors: Sorted, absolute: Sorted, confidence: float) -> ErrorPercentiles:
    """Percentiles of errors and of absolute errors."""
    if not len(errors.values):
        return ErrorPercentiles(
            percent=(),
            error=(),
            error_low=(),
            error_high=(),
            absolute=(),
            absolute_low=(),
            absolute_high=(),
        )
    shares = np.array(PERCENTS) / 100
    low, high = errors.limits(shares, confidence)
    absolute_low, absolute_high = absolute.limits(shares, confidence)
    return ErrorPercentiles(
        percent=PERCENTS,
        error=plain(errors.quantiles(shares)),
        error_low=gaps(low),
        error_high=gaps(high),
        absolute=plain(absolute.quantiles(shares)),
        absolute_low=gaps(absolute_low),
        absolute_high=gaps(absolute_high),
    )


def histogram(errors: Floats, weights: Floats | None, ends: tuple[float, float]) -> ErrorHistogram:
    """Errors counted in bins between two ends, beyond which they are in the outer bins.

    Args:
        errors: of each row.
        weights: of each row.
        ends: the winsorised percentiles.
    """
    if not len(errors):
        return ErrorHistogram(low=(), high=(), weight=())
    clipped = np.clip(errors, *ends)
    room = ends if ends[1] > ends[0] else (ends[0] - 0.5, ends[1] + 0.5)
    counts, edges = np.histogram(clipped, BINS, room, weights=weights)
    mean = float(np.average(clipped, weights=weights))
    return ErrorHistogram(
        low=plain(edges[:-1]),
        high=plain(edges[1:]),
        weight=plain(counts),
        mean=mean,
        std=math.sqrt(float(np.average((clipped - mean) ** 2, weights=weights))),
        smallest=float(errors.min()),
        largest=float(errors.max()),
    )


def against_normal(errors: Sorted, mean: float, std: float) -> QQ:
    """Quantiles of errors against those of the normal distribution.

    Wilk and Gnanadesikan (1968), Biometrika 55; at plotting positions (i - 0.5) / n (Hazen 1914),
    thinned to equal steps of the normal distribution if there are many.
    """
    n = len(errors.values)
    if not n:
        return QQ(normal=(), error=())
    count = min(n, POINTS)
    shares = (np.arange(count) + 0.5) / count
    normal = NormalDist()
    at = np.clip((shares * n - 0.5) / max(n - 1, 1), 0, 1)
    return QQ(
        normal=tuple(normal.inv_cdf(float(x)) for x in shares),
        error=plain(errors.quantiles(at)),
        mean=mean,
        std=std,
    )
