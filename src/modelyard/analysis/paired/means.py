"""The difference of two means over the same rows."""

from __future__ import annotations

import math

import numpy as np

from modelyard.analysis.arrays import Floats
from modelyard.analysis.intervals import student_quantile, student_within
from modelyard.analysis.paired.estimates import Estimate, normal_estimate

NORMAL_FROM = 200
"""Rows from which Student's distribution is taken for the normal one."""


def mean_estimate(
    base: Floats, challenger: Floats, weights: Floats | None, confidence: float
) -> Estimate | str:
    """The challenger's mean minus the base's, by the mean of the rows' differences.

    Student's paired test (1908), The probable error of a mean, Biometrika 6; with weights the
    variance is that of a ratio (Cochran 1977, Sampling Techniques, section 6.4).

    Args:
        base: a loss or the like of each row.
        challenger: the same.
        weights: of each row; none: all are 1.
        confidence: level of the interval.
    """
    value, variance, size = _moments(challenger - base, weights)
    if size <= 1 + 1e-9:
        return "a test takes two rows"
    variance *= size / (size - 1)
    if size >= NORMAL_FROM or not variance:
        return normal_estimate(value, variance, confidence, "mean")
    error, freedom = math.sqrt(variance), max(int(size) - 1, 1)
    half = student_quantile(confidence, freedom) * error
    p = 1 - student_within(abs(value) / error, freedom)
    return Estimate(value, value - half, value + half, p, error, "mean")


def _moments(gap: Floats, weights: Floats | None) -> tuple[float, float, float]:
    """Mean, its variance not yet corrected for the number of rows, and their effective number."""
    if not len(gap):
        return math.nan, math.nan, 0.0
    value = float(np.average(gap, weights=weights))
    away = gap - value
    if weights is None:
        return value, float(away @ away) / len(gap) ** 2, float(len(gap))
    total, part = float(weights.sum()), weights * away
    return value, float(part @ part) / total**2, total**2 / float(weights @ weights)
