"""The difference of two areas on the same rows: DeLong's test, and influences of rows."""

from __future__ import annotations

import numpy as np

from modelyard.analysis.areas import precision_influence
from modelyard.analysis.arrays import Bools, Floats
from modelyard.analysis.paired.estimates import Estimate, normal_estimate
from modelyard.analysis.ranking import Ranking

FEW = "a test takes two rows of each class"


def placements(ranking: Ranking, truth: Bools) -> Floats:
    """The share of the rows of the other class that each row is in order with, ties by half.

    Read off the cumulated weights of one sort, as in Sun and Xu (2014), Fast implementation of
    DeLong's algorithm, IEEE Signal Processing Letters 21. The ranking has rows of both classes.
    """
    above = (ranking.true - ranking.true_here / 2) / ranking.positives
    below = 1 - (ranking.false - ranking.false_here / 2) / ranking.negatives
    return np.where(truth, ranking.by_row(below), ranking.by_row(above))


def delong(
    base: Floats, challenger: Floats, truth: Bools, weights: Floats | None, confidence: float
) -> Estimate | str:
    """The challenger's area under the ROC curve minus the base's.

    DeLong, DeLong and Clarke-Pearson (1988), Comparing the areas under two or more correlated
    receiver operating characteristic curves, Biometrics 44: the variance of the rows' differences
    of placements, of either class. Rows of unequal weight count by Kish's effective number.

    Args:
        base: the placement of each row.
        challenger: the same.
        truth: whether each row is positive.
        weights: of each row; none: all are 1.
        confidence: level of the interval.
    """
    gap = challenger - base
    values, variance = [], 0.0
    for some in (truth, ~truth):
        here = gap[some]
        weight = np.ones(len(here)) if weights is None else weights[some]
        total = float(weight.sum())
        size = total * total / float(weight @ weight)
        if size <= 1 + 1e-9:
            return FEW
        values.append(float(weight @ here) / total)
        part = weight * (here - values[-1])
        variance += float(part @ part) / total**2 * size / (size - 1)
    return normal_estimate(sum(values) / 2, variance, confidence, "delong")


def influences(ranking: Ranking, truth: Bools) -> Floats:
    """How far the weight of each row moves the average precision."""
    of_true, of_false = precision_influence(ranking)
    return np.where(truth, ranking.by_row(of_true), ranking.by_row(of_false))


def influence_estimate(
    value: float, base: Floats, challenger: Floats, weights: Floats | None, confidence: float
) -> Estimate:
    """A difference of two metrics that are smooth in the weights of rows.

    The variance is that of the infinitesimal jackknife (Efron 1982, The Jackknife, the Bootstrap
    and Other Resampling Plans, chapter 6): squares of each row's influence on the difference.

    Args:
        value: the difference.
        base: derivatives of the base's metric by the weight of each row.
        challenger: the same.
        weights: of each row; none: all are 1.
        confidence: level of the interval.
    """
    gap = challenger - base
    if weights is not None:
        gap *= weights
    variance, size = float(gap @ gap), len(gap)
    return normal_estimate(value, variance * size / max(size - 1, 1), confidence, "delta")
