"""How well one column alone predicts a target."""

from __future__ import annotations

import numpy as np

from modelyard.analysis.areas import roc_area
from modelyard.analysis.arrays import Bools, Floats, Ints
from modelyard.analysis.ranking import ranked

LEAST = 20
"""Rows of each class, or of each half, below which nothing is told."""


def area_alone(positive: Bools, groups: Ints, values: Floats | None) -> float | None:
    """The area under the ROC curve of the best score that one column gives; None: too few rows.

    A score is the rate of positives in the column's group, learned from every other row and judged
    on the rest, or the column's own value, in either direction.

    Args:
        positive: of each row.
        groups: of each row.
        values: of the column where it holds numbers, NaN where they are missing.
    """
    learned = np.arange(len(positive)) % 2 == 0
    if min(positive.sum(), (~positive).sum()) < 2 * LEAST:
        return None
    rates = _means(positive.astype(float), groups, learned)
    areas = [_area(positive[~learned], rates[groups[~learned]])]
    if values is not None:
        known = ~np.isnan(values)
        if min(positive[known].sum(), (~positive[known]).sum()) >= LEAST and known.mean() > 0.5:
            area = _area(positive[known], values[known])
            areas.append(max(area, 1 - area))
    return float(max(areas))


def r2_alone(target: Floats, groups: Ints, values: Floats | None) -> float | None:
    """The share of the target's variance that one column explains; None: too few rows.

    By the mean of the target in the column's group, learned from every other row and judged on the
    rest, or by a straight line through the column's values.

    Args:
        target: of each row.
        groups: of each row.
        values: of the column where it holds numbers, NaN where they are missing.
    """
    learned = np.arange(len(target)) % 2 == 0
    judged = target[~learned]
    spread = float(np.var(judged)) if len(judged) >= LEAST else 0.0
    if spread == 0:
        return None
    means = _means(target, groups, learned)
    found = 1 - float(np.mean((judged - means[groups[~learned]]) ** 2)) / spread
    if values is not None:
        known = ~np.isnan(values)
        if known.mean() > 0.5 and np.ptp(values[known]) > 0 and np.ptp(target[known]) > 0:
            found = max(found, float(np.corrcoef(values[known], target[known])[0, 1] ** 2))
    return found


def _means(values: Floats, groups: Ints, learned: Bools) -> Floats:
    """The mean of each group, of all groups where it has no rows."""
    some, inside = values[learned], groups[learned]
    many = int(groups.max()) + 1
    counts = np.bincount(inside, minlength=many)
    sums = np.bincount(inside, some, minlength=many)
    overall = float(some.mean())
    means: Floats = np.where(counts > 0, sums / np.maximum(counts, 1), overall)
    return means


def _area(positive: Bools, score: Floats) -> float:
    ranking = ranked(positive, score)
    return 0.5 if ranking.reason else roc_area(ranking)
