"""Areas under ROC and precision-recall curves, and how sure they are."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from modelyard.analysis.arrays import Floats, absent, blocks, metric
from modelyard.analysis.intervals import around
from modelyard.analysis.ranking import Ranking
from modelyard.analysis.types import Metric

FEW = "an interval takes two rows of each class"


def roc_auc(ranking: Ranking, confidence: float) -> Metric:
    """Probability that a positive scores above a negative, ties counting half.

    The interval is that of DeLong, DeLong and Clarke-Pearson (1988), Biometrics 44: the variance
    of each row's placement among the rows of the other class. Rows of one score have one placement,
    so that it is read off the cumulated weights, as in Sun and Xu (2014), Fast implementation of
    DeLong's algorithm, IEEE Signal Processing Letters 21, without another sort.
    """
    if ranking.reason:
        return absent("auc", ranking.reason)
    p, n = ranking.positives, ranking.negatives
    area = roc_area(ranking)
    spreads = _placement_spreads(ranking, area)
    variance = 0.0
    for part, whole, spread in (
        (p, ranking.true_squares[-1], spreads[0]),
        (n, ranking.false_squares[-1], spreads[1]),
    ):
        size = part * part / float(whole)
        if size <= 1 + 1e-9:
            return metric("auc", area, FEW)
        variance += spread / (part * part) * size / (size - 1)
    low, high, _ = around(area, variance, confidence, within=(0.0, 1.0))
    return metric("auc", area, (low, high, "delong"))


def roc_area(ranking: Ranking) -> float:
    """The area under the ROC curve alone, where there are rows of both classes."""
    return float(ranking.pairs_here.sum()) / (ranking.positives * ranking.negatives)


def _placement_spreads(ranking: Ranking, area: float) -> tuple[float, float]:
    """Squares of how far the placements of the positives and the negatives are from the area."""
    p, n = ranking.positives, ranking.negatives
    of_true = of_false = 0.0
    true, false = ranking.squares_here
    for part in blocks(len(ranking.scores)):
        # Share of negatives below each score, and of positives above it; ties by half.
        below = 1 - (ranking.false[part] - ranking.false_here[part] / 2) / n
        above = (ranking.true[part] - ranking.true_here[part] / 2) / p
        of_true += float(true[part] @ (below - area) ** 2)
        of_false += float(false[part] @ (above - area) ** 2)
    return of_true, of_false


def average_precision(ranking: Ranking, confidence: float) -> Metric:
    """Mean precision at the scores of the positives: the area under the precision-recall steps.

    As scikit-learn's `average_precision_score`. A row changes it by its own precision and by that
    of all rows below; the interval sums the squares of these influences (see `around`).
    """
    if not ranking.positives:
        return absent("averagePrecision", ranking.reason)
    area = _area(ranking)
    p, squares = ranking.positives, float(ranking.true_squares[-1])
    size = p * p / squares
    if size <= 1 + 1e-9:
        return metric("averagePrecision", area, "an interval takes two rows of the positive class")
    true, false = ranking.squares_here
    variance = 0.0
    for part, of_true, of_false in _influences(ranking, area):
        variance += float(true[part] @ (of_true * of_true) + false[part] @ (of_false * of_false))
    limits = around(area, variance * size / (size - 1), confidence, within=(0.0, 1.0))
    return metric("averagePrecision", area, limits)


def precision_influence(ranking: Ranking) -> tuple[Floats, Floats]:
    """The derivative of the average precision by the weight of a positive and of a negative row.

    Both are by distinct score.
    """
    true, false = np.empty((2, len(ranking.scores)))
    for part, of_true, of_false in _influences(ranking, _area(ranking)):
        true[part], false[part] = of_true, of_false
    return true, false


def _area(ranking: Ranking) -> float:
    """Under the precision-recall steps."""
    found = 0.0
    for part in blocks(len(ranking.scores)):
        found += float(ranking.true_here[part] @ (ranking.true[part] / ranking.reached[part]))
    return found / ranking.positives


def _influences(ranking: Ranking, area: float) -> Iterator[tuple[slice, Floats, Floats]]:
    """Parts of the scores, from the lowest on, with the derivatives that they have there."""
    p, lower_gains, lower_drops = ranking.positives, 0.0, 0.0
    for part in reversed([*blocks(len(ranking.scores))]):
        reached = ranking.reached[part]
        precision = ranking.true[part] / reached
        gains = ranking.true_here[part] / reached
        drops = _from_here(gains * precision) + lower_drops
        gains = _from_here(gains) + lower_gains
        lower_gains, lower_drops = float(gains[0]), float(drops[0])
        yield part, (precision + gains - drops - area) / p, drops / -p


def found_at(ranking: Ranking, share: float) -> float:
    """Share of the positives among a share of all rows, likeliest first.

    Within rows of one score it is what a random order of them gives on average.
    """
    if not ranking.positives:
        return math.nan
    target = share * ranking.weight
    at = min(int(np.searchsorted(ranking.reached, target)), len(ranking.scores) - 1)
    before = float(ranking.reached[at - 1]) if at else 0.0
    found = float(ranking.true[at - 1]) if at else 0.0
    part = (target - before) / float(ranking.reached[at] - before)
    return (found + part * float(ranking.true_here[at])) / ranking.positives


def _from_here(values: Floats) -> Floats:
    """Sums from each place to the end."""
    return np.cumsum(values[::-1])[::-1]
