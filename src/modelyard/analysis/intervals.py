"""Confidence intervals that have a formula."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from modelyard.analysis.arrays import Floats, Interval


def normal_quantile(confidence: float) -> float:
    """How many standard errors a two-sided interval reaches."""
    return NormalDist().inv_cdf(0.5 + confidence / 2)


def wilson(share: npt.ArrayLike, rows: npt.ArrayLike, confidence: float) -> tuple[Floats, Floats]:
    """Limits of shares out of a number of rows; NaN where there are none.

    Wilson (1927), Probable inference, the law of succession, and statistical inference, JASA 22.
    With weights, `rows` is Kish's effective number (sum of weights squared over sum of squares).
    """
    p, n = np.broadcast_arrays(np.asarray(share, float), np.asarray(rows, float))
    n = np.where(n > 0, n, np.nan)
    z = normal_quantile(confidence)
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(np.maximum(p * (1 - p) / n + z * z / (4 * n * n), 0))
    # At 0 and 1 the limit is the share itself; rounding must not leave it outside.
    return np.minimum(np.maximum(middle - half, 0), p), np.maximum(np.minimum(middle + half, 1), p)


def effective(weight: npt.ArrayLike, squares: npt.ArrayLike) -> Floats:
    """The number of unweighted rows that tell as much.

    Kish (1965), Survey Sampling, section 11.7.
    """
    weight, squares = np.asarray(weight, float), np.asarray(squares, float)
    found: Floats = np.divide(
        weight * weight, squares, out=np.zeros(np.shape(weight)), where=squares > 0
    )
    return found


def of_share(share: float, rows: float, confidence: float) -> Interval:
    """Wilson's limits of one share."""
    low, high = wilson(share, rows, confidence)
    return float(low), float(high), "wilson"


def around(
    value: float,
    variance: float,
    confidence: float,
    *,
    within: tuple[float, float] = (-math.inf, math.inf),
) -> Interval:
    """Normal limits of a value whose variance comes from the delta method.

    The variance is that of the infinitesimal jackknife (Efron 1982, The Jackknife, the Bootstrap
    and Other Resampling Plans, chapter 6): squares of each row's influence, summed.
    """
    half = normal_quantile(confidence) * math.sqrt(variance)
    return max(value - half, within[0]), min(value + half, within[1]), "delta"


def of_mean(values: Floats, weights: Floats | None, confidence: float) -> tuple[float, Interval]:
    """A (weighted) mean with its normal limits; NaN limits for a single row.

    The variance of a weighted mean is that of a ratio (Cochran 1977, Sampling Techniques, section
    6.4), which for equal weights is the sample variance over n.
    """
    n = len(values)
    if n == 0:
        return math.nan, (math.nan, math.nan, "normal")
    mean = float(np.average(values, weights=weights))
    gap = values - mean
    if weights is None:
        variance, size = float(gap @ gap) / (n * n), float(n)
    else:
        total = float(weights.sum())
        part = weights * gap
        variance = float(part @ part) / total**2
        size = total**2 / float(weights @ weights)
    if size <= 1 + 1e-9:
        return mean, (math.nan, math.nan, "normal")
    low, high, _ = around(mean, variance * size / (size - 1), confidence)
    return mean, (low, high, "normal")


def newcombe(
    first: tuple[float, float, float], second: tuple[float, float, float]
) -> tuple[float, float]:
    """Limits of the difference of two independent shares, each given with its Wilson limits.

    Newcombe (1998), Interval estimation for the difference between independent proportions,
    Statistics in Medicine 17, method 10.
    """
    (p, p_low, p_high), (q, q_low, q_high) = first, second
    return (
        p - q - math.hypot(p - p_low, q_high - q),
        p - q + math.hypot(p_high - p, q - q_low),
    )


def student_quantile(confidence: float, freedom: int) -> float:
    """How many standard errors a two-sided interval reaches if these are estimated.

    Student (1908), The probable error of a mean, Biometrika 6. Within so many standard errors lies
    the share that Abramowitz and Stegun (1964), Handbook of Mathematical Functions, 26.7.3 and
    26.7.4 give for whole degrees of freedom; it rises with them, and is halved in upon.

    Args:
        confidence: between 0 and 1.
        freedom: degrees of freedom, one less than the values whose mean is taken; at least 1.
    """
    low, high = 0.0, 1.0
    while student_within(high, freedom) < confidence:
        high *= 2
    while high - low > 1e-12 * high:
        middle = (low + high) / 2
        if student_within(middle, freedom) < confidence:
            low = middle
        else:
            high = middle
    return high


def student_within(reach: float, freedom: int) -> float:
    """The share that lies within so many estimated standard errors; see `student_quantile`."""
    angle = math.atan(reach / math.sqrt(freedom))
    cosine = math.cos(angle)
    if freedom % 2:
        part = total = cosine if freedom > 1 else 0.0
        for at in range(3, freedom - 1, 2):
            part *= (at - 1) / at * cosine * cosine
            total += part
        return 2 / math.pi * (angle + math.sin(angle) * total)
    part = total = 1.0
    for at in range(2, freedom, 2):
        part *= (at - 1) / at * cosine * cosine
        total += part
    return math.sin(angle) * total
