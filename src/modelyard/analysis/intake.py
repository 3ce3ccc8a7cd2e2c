"""Which rows can be used: those with truth, prediction and weight; the others are counted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from modelyard.analysis.arrays import Bools, Floats, Ints
from modelyard.analysis.types import Intake

SUM_TOLERANCE = 1e-3
"""How far a row's probabilities may be from summing to one before that is told."""


@dataclass(frozen=True)
class Kept:
    """Rows that can be used, of those that came."""

    mask: Bools | None
    """Which rows; none: all of them."""
    weights: Floats | None
    intake: Intake

    def of(self, array: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
        """The kept rows of an array with all of them."""
        return array if self.mask is None else array[self.mask]


@dataclass(frozen=True)
class BinaryRows:
    """Truth (whether positive) and score of rows that can be used."""

    truth: Bools
    score: Floats
    weights: Floats | None
    kept: Kept


def keep(truth: Bools, prediction: Bools, weights: npt.ArrayLike | None) -> Kept:
    """Choose rows.

    Args:
        truth: whether a row has a truth.
        prediction: whether it has a prediction.
        weights: of each row; none: all are 1.
    """
    usable = truth & prediction
    counts = {
        "without_truth": int(len(truth) - np.count_nonzero(truth)),
        "without_prediction": int(np.count_nonzero(truth & ~prediction)),
    }
    weight = None
    if weights is not None:
        weight = np.asarray(weights, np.float64)
        good = np.isfinite(weight) & (weight >= 0)
        counts["bad_weight"] = int(np.count_nonzero(usable & ~good))
        counts["without_weight"] = int(np.count_nonzero(usable & (weight == 0)))
        usable &= good & (weight > 0)
    used = int(np.count_nonzero(usable))
    mask = None if used == len(truth) else usable
    if weight is not None and mask is not None:
        weight = weight[mask]
    total = float(used if weight is None else weight.sum())
    return Kept(mask, weight, Intake(rows=len(truth), used=used, total_weight=total, **counts))


def binary_rows(
    truth: npt.ArrayLike, score: npt.ArrayLike, weights: npt.ArrayLike | None = None
) -> BinaryRows:
    """Rows of a binary model.

    Args:
        truth: 1 or True for the positive class, 0 for the other, -1 where it is missing.
        score: of the positive class; NaN where it is missing.
        weights: of each row.
    """
    codes = np.asarray(truth)
    scores = np.asarray(score, np.float64)
    kept = keep(codes >= 0, ~np.isnan(scores), weights)
    if kept.mask is not None:
        codes, scores = codes[kept.mask], scores[kept.mask]
    outside = 0
    if len(scores) and (scores.min() < 0 or scores.max() > 1):
        outside = int(np.count_nonzero((scores < 0) | (scores > 1)))
    intake = kept.intake.model_copy(update={"no_probabilities": outside})
    return BinaryRows(codes == 1, scores, kept.weights, Kept(kept.mask, kept.weights, intake))


def summing_to_one(probabilities: Floats) -> int:
    """How many rows have probabilities that do not sum to one."""
    return int(np.count_nonzero(np.abs(probabilities.sum(axis=1) - 1) > SUM_TOLERANCE))


def as_codes(values: npt.ArrayLike) -> Ints:
    """Codes of classes as whole numbers; -1 is missing."""
    return np.asarray(values).astype(np.int64, copy=False)
