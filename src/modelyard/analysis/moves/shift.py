"""How far the scores of the same rows moved."""

from __future__ import annotations

import math

import numpy as np

from modelyard.analysis.arrays import Floats, absent, gaps, metric
from modelyard.analysis.intervals import of_mean, of_share
from modelyard.analysis.moves.types import Histogram, Quantiles, Shift

SHARES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
BINS = 40
PART = 0.05
"""How far a score may move where nobody says so: of probabilities, or of their spread."""


def shift(
    score: str,
    before: Floats,
    after: Floats,
    *,
    distance: Floats,
    probabilities: bool,
    tolerance: float | None,
    confidence: float,
) -> Shift:
    """Compare the scores of rows, of which each model gave one.

    The scores of both models are of the same rows, so that the interval of the mean difference is
    that of the rows' own differences. The largest distance between their distributions is the
    statistic of Kolmogorov and Smirnov; a p-value is not told, since it is of independent samples.

    Args:
        score: what it is, in words.
        before: finite.
        after: finite.
        distance: how far each row moved, whatever the direction.
        probabilities: whether scores are between 0 and 1.
        tolerance: how far a row may move; None: 0.05 of probabilities, of numbers 0.05 standard
            deviations of those before.
        confidence: of the intervals.
    """
    rows = len(before)
    if not rows:
        reason = "no row has a score of both"
        return Shift(score=score, difference=absent("shift", reason), reason=reason)
    difference = after - before
    mean, interval = of_mean(difference, None, confidence)
    if tolerance is None:
        tolerance = PART if probabilities else PART * float(before.std())
    beyond = float(np.count_nonzero(distance > tolerance)) / rows
    return Shift(
        score=score,
        rows=rows,
        mean_before=float(before.mean()),
        mean_after=float(after.mean()),
        difference=metric("shift", mean, interval),
        spread=float(difference.std(ddof=1)) if rows > 1 else None,
        distance=float(distance.mean()),
        tolerance=tolerance,
        beyond=metric("beyond", beyond, of_share(beyond, rows, confidence)),
        ks=_largest_gap(before, after),
        quantiles=Quantiles(
            share=SHARES,
            before=gaps(np.quantile(before, SHARES)),
            after=gaps(np.quantile(after, SHARES)),
            difference=gaps(np.quantile(difference, SHARES)),
        ),
        histogram=_histogram(before, after, probabilities=probabilities),
    )


def _largest_gap(before: Floats, after: Floats) -> float:
    first, second = np.sort(before), np.sort(after)
    every = np.concatenate([first, second])
    below = [np.searchsorted(each, every, side="right") / len(each) for each in (first, second)]
    return float(np.abs(below[0] - below[1]).max())


def _histogram(before: Floats, after: Floats, *, probabilities: bool) -> Histogram:
    """Bins of equal width from the least to the largest of both."""
    low = min(float(before.min()), float(after.min()))
    high = max(float(before.max()), float(after.max()))
    if probabilities and low >= 0 and high <= 1:
        low, high = 0.0, 1.0
    if not high - low > abs(low) * 1e-12 or not math.isfinite(high - low):
        return Histogram(low=(low,), high=(high,), before=(1.0,), after=(1.0,))
    edges = np.linspace(low, high, BINS + 1)
    shares = [np.histogram(each, edges)[0] / len(each) for each in (before, after)]
    return Histogram(
        low=gaps(edges[:-1]), high=gaps(edges[1:]), before=gaps(shares[0]), after=gaps(shares[1])
    )
