"""Binary metrics at a threshold and at all of them; the threshold that is best for a metric.

A row is predicted positive when its score is at least the threshold, as scoring does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product

import numpy as np

from modelyard.analysis.arrays import Floats, Ints, absent, gaps, metric, plain, share
from modelyard.analysis.intervals import effective, normal_quantile, wilson
from modelyard.analysis.ranking import Ranking
from modelyard.analysis.types import (
    AtThreshold,
    BestThreshold,
    Cells,
    DecisionChart,
    Gains,
    Limits,
    Metric,
)

GREATER_IS_BETTER = {
    "precision": True,
    "recall": True,
    "f1": True,
    "accuracy": True,
    "mcc": True,
    "hammingLoss": False,
    "costMatrixGain": True,
    "specificity": True,
}
"""The metrics that depend on a threshold, by code."""
BY_DELTA = frozenset(("f1", "mcc", "costMatrixGain"))
"""Those that are no share of rows; their limits come from the delta method."""
GRID = 100
"""Steps from 0 to 1 at which the decision chart is told, besides quantiles of the scores."""
QUANTILES = 200
STRIDE = 512
"""Neighbouring scores that are looked at together for the best threshold."""

REASONS = {
    "precision": "no row is predicted positive",
    "recall": "there are no rows of the positive class",
    "specificity": "there are no rows of the negative class",
    "f1": "no row is positive or predicted positive",
    "mcc": "truth or prediction is the same for all rows",
}


@dataclass(frozen=True)
class Confusion:
    """Weights of the four kinds of rows; numbers, or arrays of them."""

    tp: Floats
    fp: Floats
    tn: Floats
    fn: Floats

    def total(self) -> Floats:
        """Weight of all rows."""
        return self.tp + self.fp + self.tn + self.fn

    def metric(self, code: str, gains: Gains) -> Floats:
        """A metric by its code; NaN where it cannot be computed.

        Precision, recall, F1: van Rijsbergen (1979), Information Retrieval, chapter 7. MCC:
        Matthews (1975), Biochimica et Biophysica Acta 405. The gain is the mean of the rows' gains.
        """
        tp, fp, tn, fn = self.tp, self.fp, self.tn, self.fn
        match code:
            case "precision":
                return share(tp, tp + fp)
            case "recall":
                return share(tp, tp + fn)
            case "specificity":
                return share(tn, tn + fp)
            case "f1":
                return share(2 * tp, 2 * tp + fp + fn)
            case "accuracy":
                return share(tp + tn, self.total())
            case "hammingLoss":
                return share(fp + fn, self.total())
            case "predictedPositive":
                return share(tp + fp, self.total())
            case "mcc":
                roots = np.sqrt(tp + fp) * np.sqrt(tp + fn) * np.sqrt(tn + fp) * np.sqrt(tn + fn)
                return np.clip(share(tp * tn - fp * fn, roots), -1, 1)
            case "costMatrixGain":
                worth = (
                    gains.true_positive * tp
                    + gains.false_positive * fp
                    + gains.true_negative * tn
                    + gains.false_negative * fn
                )
                return share(worth, self.total())
        raise KeyError(code)


def confusion(ranking: Ranking, reached: np.ndarray | int) -> Confusion:
    """The confusion when so many of the distinct scores are predicted positive."""
    return _confusion(ranking.true, ranking.false, reached)


def _confusion(true: Floats, false: Floats, reached: np.ndarray | int) -> Confusion:
    if not len(true):
        nothing = np.zeros(np.shape(reached))
        return Confusion(nothing, nothing, nothing, nothing)
    at = np.maximum(np.asarray(reached) - 1, 0)
    some = np.asarray(reached) > 0
    tp, fp = np.where(some, true[at], 0.0), np.where(some, false[at], 0.0)
    return Confusion(tp, fp, false[-1] - fp, true[-1] - tp)


def at_threshold(
    ranking: Ranking, threshold: float, gains: Gains, confidence: float
) -> AtThreshold:
    """Cells and metrics at one threshold."""
    reached = ranking.at_least(threshold)
    found = confusion(ranking, reached)
    squares = _confusion(ranking.true_squares, ranking.false_squares, reached)
    return AtThreshold(
        threshold=threshold,
        cells=cells(found),
        metrics=of_confusion(found, squares, gains, confidence),
    )


def cells(found: Confusion) -> Cells:
    """A confusion as a value."""
    return Cells(
        true_positive=float(found.tp),
        false_positive=float(found.fp),
        true_negative=float(found.tn),
        false_negative=float(found.fn),
    )


def of_confusion(
    found: Confusion, squares: Confusion, gains: Gains, confidence: float
) -> tuple[Metric, ...]:
    """All metrics of a confusion, with intervals.

    Args:
        found: weights of rows by cell.
        squares: squares of weights of rows by cell.
        gains: what each kind of row is worth.
        confidence: level of the intervals.
    """
    codes = list(GREATER_IS_BETTER)
    if not found.total():
        return tuple(absent(code, "there are no rows") for code in codes)
    return tuple(_told(code, found, squares, gains, confidence) for code in codes)


def _told(
    code: str, found: Confusion, squares: Confusion, gains: Gains, confidence: float
) -> Metric:
    value = float(found.metric(code, gains))
    if math.isnan(value):
        return absent(code, REASONS[code])
    low, high = limits(code, found, squares, gains, confidence)
    return metric(code, value, (float(low), float(high), "delta" if code in BY_DELTA else "wilson"))


def limits(
    code: str, found: Confusion, squares: Confusion, gains: Gains, confidence: float
) -> tuple[Floats, Floats]:
    """Limits of a metric, of one confusion or of many; NaN where it cannot be computed.

    Args:
        code: of the metric.
        found: weights of rows by cell.
        squares: squares of weights of rows by cell.
        gains: what each kind of row is worth.
        confidence: level of the interval.
    """
    value = found.metric(code, gains)
    if code in BY_DELTA:
        return _delta(code, value, found, squares, gains, confidence)
    parts = {
        "precision": (found.tp + found.fp, squares.tp + squares.fp),
        "recall": (found.tp + found.fn, squares.tp + squares.fn),
        "specificity": (found.tn + found.fp, squares.tn + squares.fp),
    }
    weight, square = parts.get(code, (found.total(), squares.total()))
    return wilson(value, effective(weight, square), confidence)


def _delta(
    code: str,
    value: Floats,
    found: Confusion,
    squares: Confusion,
    gains: Gains,
    confidence: float,
) -> tuple[Floats, Floats]:
    """Limits by the delta method: the derivative by the weight of each cell.

    All three are unchanged when all weights are doubled, so that the derivatives weighted with the
    cells sum to zero, and squares of them are the variance (Agresti 2013, Categorical Data
    Analysis, section 16.1).
    """
    tp, fp, tn, fn = found.tp, found.fp, found.tn, found.fn
    within = (0.0, 1.0)
    if code == "f1":
        whole = 2 * tp + fp + fn
        slopes = [
            share(2 - 2 * value, whole),
            -share(value, whole),
            0 * whole,
            -share(value, whole),
        ]
    elif code == "costMatrixGain":
        worths = [
            gains.true_positive,
            gains.false_positive,
            gains.true_negative,
            gains.false_negative,
        ]
        slopes = [share(worth - value, found.total()) for worth in worths]
        within = (min(worths), max(worths))
    else:
        sides = [tp + fp, tp + fn, tn + fp, tn + fn]
        root = np.prod([np.sqrt(side) for side in sides], axis=0)
        a, b, c, d = (share(value, 2 * side) for side in sides)
        slopes = [
            share(tn, root) - a - b,
            share(-fn, root) - a - c,
            share(tp, root) - c - d,
            share(-fp, root) - b - d,
        ]
        within = (-1.0, 1.0)
    parts = (squares.tp, squares.fp, squares.tn, squares.fn)
    variance = sum(slope**2 * part for slope, part in zip(slopes, parts, strict=True))
    half = normal_quantile(confidence) * np.sqrt(variance)
    return np.maximum(value - half, within[0]), np.minimum(value + half, within[1])


def decision_chart(
    ranking: Ranking, gains: Gains, confidence: float, thresholds: Floats | None = None
) -> DecisionChart:
    """Cells and metrics with their limits at many thresholds.

    Args:
        ranking: the sorted scores.
        gains: what each kind of row is worth.
        confidence: level of the intervals.
        thresholds: where; none: a grid from 0 to 1 and quantiles of the scores.
    """
    where = chart_thresholds(ranking) if thresholds is None else np.asarray(thresholds, float)
    rising = ranking.scores[::-1]
    reached = len(rising) - np.searchsorted(rising, where, side="left")
    found = confusion(ranking, reached)
    squares = _confusion(ranking.true_squares, ranking.false_squares, reached)
    told = {
        code: gaps(found.metric(code, gains)) for code in [*GREATER_IS_BETTER, "predictedPositive"]
    }
    return DecisionChart(
        threshold=plain(where),
        true_positive=plain(found.tp),
        false_positive=plain(found.fp),
        true_negative=plain(found.tn),
        false_negative=plain(found.fn),
        precision=told["precision"],
        recall=told["recall"],
        f1=told["f1"],
        accuracy=told["accuracy"],
        mcc=told["mcc"],
        hamming_loss=told["hammingLoss"],
        cost_matrix_gain=told["costMatrixGain"],
        specificity=told["specificity"],
        predicted_positive=told["predictedPositive"],
        limits={
            code: Limits(low=gaps(low), high=gaps(high))
            for code in GREATER_IS_BETTER
            for low, high in (limits(code, found, squares, gains, confidence),)
        },
    )


def chart_thresholds(ranking: Ranking) -> Floats:
    """A grid from 0 to 1, and scores that divide the rows into equal parts."""
    grid = np.linspace(0, 1, GRID + 1)
    if not np.isfinite(ranking.scores).any():
        return grid
    weight = ranking.reached
    at = np.searchsorted(weight, ranking.weight * np.linspace(0, 1, QUANTILES + 1))
    some = ranking.scores[np.minimum(at, len(weight) - 1)]
    return np.unique(np.concatenate([grid, some[np.isfinite(some)]]))


def best_threshold(ranking: Ranking, code: str, gains: Gains) -> BestThreshold:
    """The threshold from 0 to 1 at which a metric is best on these rows.

    Of all that lie between two neighbouring scores, and so predict the same, it is the one with the
    fewest digits; of several that are equally good, the one nearest to a half.

    Args:
        ranking: the sorted scores.
        code: one of `GREATER_IS_BETTER`.
        gains: what each kind of row is worth.
    """
    if ranking.reason:
        return BestThreshold(code=code, reason=ranking.reason)
    if ranking.scores[0] > 1 or ranking.scores[-1] < 0:
        return BestThreshold(code=code, reason="the scores are not probabilities")
    first = 0 if ranking.scores[0] < 1 else 1
    reached = _promising(ranking, code, gains, first)
    values = _merits(confusion(ranking, reached), code, gains)
    if np.isnan(values).all():
        return BestThreshold(code=code, reason=REASONS[code])
    best = np.nanmax(values)
    equal = reached[values >= best - 1e-12 * max(1.0, abs(best))]
    # Reaching k scores means a threshold above the next score and not above the k-th, or 1.
    scores = ranking.scores
    low = np.where(equal < len(scores), scores[np.minimum(equal, len(scores) - 1)], -1e-300)
    high = np.where(equal > 0, scores[equal - 1], 1.0)
    gap = np.where((low < 0.5) & (high >= 0.5), 0, np.minimum(abs(low - 0.5), abs(high - 0.5)))
    nearest = int(np.argmin(gap))
    threshold = roundest(float(low[nearest]), float(high[nearest]))
    value = float(confusion(ranking, equal[nearest]).metric(code, gains))
    return BestThreshold(code=code, threshold=threshold, value=value)


def _promising(ranking: Ranking, code: str, gains: Gains, first: int) -> Ints:
    """How many distinct scores may have to be reached for a metric to be best, `first` at least.

    Each metric goes one way as true positives are added, and one way as false positives are. So
    between two numbers of scores it is never better than at the best corner of the box which these
    span; boxes whose corners are worse than what is reached elsewhere are left out.
    """
    count = len(ranking.scores)
    ends = np.append(np.arange(first, count, STRIDE), count)
    low, high = confusion(ranking, ends[:-1]), confusion(ranking, ends[1:])
    corners = [
        _merits(Confusion(true.tp, false.fp, false.tn, true.fn), code, gains)
        for true, false in product((low, high), repeat=2)
    ]
    bounds = np.fmax.reduce(corners)
    reachable = np.fmax.reduce(_merits(confusion(ranking, ends), code, gains))
    worse = bounds < reachable - 1e-9 * np.fmax.reduce(abs(bounds), initial=1.0)
    inside = ends[:-1][~worse][:, None] + np.arange(STRIDE)
    return np.append(inside[inside < count], count)


def _merits(found: Confusion, code: str, gains: Gains) -> Floats:
    """A metric, the larger the better."""
    values = found.metric(code, gains)
    return values if GREATER_IS_BETTER[code] else -values


def roundest(low: float, high: float) -> float:
    """The number above `low` and not above `high` with the fewest digits."""
    if low < 0.5 <= high:
        return 0.5
    for digits in range(1, 17):
        middle: float = round((low + high) / 2, digits)
        if low < middle <= high:
            return middle
        below: float = math.floor(high * 10**digits) / 10**digits
        if low < below <= high:
            return below
    return high
