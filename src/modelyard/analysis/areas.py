"""Areas under ROC and precision-recall curves, and how sure they are."""

from __future__ import annotations

import math

import numpy as np

from modelyard.analysis.arrays import Floats, absent, metric
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
    # Share of negatives below each score, and of positives above it; ties by half.
    below = 1 - (ranking.false - ranking.false_here / 2) / n
    above = (ranking.true - ranking.true_here / 2) / p
    area = float(ranking.under[-1]) / (p * n)
    variance = 0.0
    true, false = ranking.squares_here
    for part, whole, squares, place in (
        (p, ranking.true_squares[-1], true, below),
        (n, ranking.false_squares[-1], false, above),
    ):
        size = part * part / float(whole)
        if size <= 1 + 1e-9:
            return metric("auc", area, FEW)
        spread = float((squares * (place - area) ** 2).sum()) / (part * part)
        variance += spread * size / (size - 1)
    low, high, _ = around(area, variance, confidence, within=(0.0, 1.0))
    return metric("auc", area, (low, high, "delong"))


def average_precision(ranking: Ranking, confidence: float) -> Metric:
    """Mean precision at the scores of the positives: the area under the precision-recall steps.

    As scikit-learn's `average_precision_score`. A row changes it by its own precision and by that
    of all rows below; the interval sums the squares of these influences (see `around`).
    """
    if not ranking.positives:
        return absent("averagePrecision", ranking.reason)
    area, of_true, of_false = precision_influence(ranking)
    p, squares = ranking.positives, float(ranking.true_squares[-1])
    size = p * p / squares
    if size <= 1 + 1e-9:
        return metric("averagePrecision", area, "an interval takes two rows of the positive class")
    true, false = ranking.squares_here
    variance = float((true * of_true * of_true).sum() + (false * of_false * of_false).sum())
    limits = around(area, variance * size / (size - 1), confidence, within=(0.0, 1.0))
    return metric("averagePrecision", area, limits)


def precision_influence(ranking: Ranking) -> tuple[float, Floats, Floats]:
    """The average precision, and its derivative by the weight of a positive and a negative row.

    Both derivatives are by distinct score.
    """
    p = ranking.positives
    precision = ranking.true / ranking.reached
    weighted = ranking.true_here * precision
    area = float(weighted.sum()) / p
    drops = _from_here(weighted / ranking.reached)
    lifts = _from_here(ranking.true_here / ranking.reached) - drops
    return area, (precision + lifts - area) / p, -drops / p


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
