"""An estimated difference, how it is told, and how many rows would settle it."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from statistics import NormalDist

from modelyard.analysis.intervals import normal_quantile
from modelyard.analysis.names import LOWER_IS_BETTER
from modelyard.analysis.paired.types import MetricDifference, PairedMethod, PairedVerdict

POWER = 0.8
MOST_ROWS = 10**9
"""More rows than these are not told as a number."""


@dataclass(frozen=True)
class Estimate:
    """A difference with its interval, the p-value of its test and its standard error."""

    value: float
    low: float
    high: float
    p: float
    error: float
    method: PairedMethod


def normal_p(value: float, error: float) -> float:
    """The two-sided p-value of a normal estimate; 1 for no difference."""
    if not value:
        return 1.0
    return math.erfc(abs(value) / (error * math.sqrt(2))) if error > 0 else 0.0


def normal_estimate(
    value: float, variance: float, confidence: float, method: PairedMethod
) -> Estimate:
    """An estimate whose variance has a formula."""
    error = math.sqrt(max(variance, 0.0))
    half = normal_quantile(confidence) * error
    return Estimate(value, value - half, value + half, normal_p(value, error), error, method)


def rows_needed(value: float, error: float, rows: int, confidence: float) -> int | None:
    """Rows in all at which a difference of this size is found with a power of 80 %.

    The standard error falls with the root of the number of rows; a two-sided test rejects with that
    power where the difference is as many standard errors as the two quantiles sum to (Lachin 1981,
    Introduction to sample size determination and power analysis for clinical trials, Controlled
    Clinical Trials 2).

    Args:
        value: the difference that was seen, taken for the true one.
        error: its standard error.
        rows: of which it was estimated.
        confidence: one less the level of the test.
    """
    if not value or not math.isfinite(error):
        return None
    reach = normal_quantile(confidence) + NormalDist().inv_cdf(POWER)
    needed = rows * (reach * error / abs(value)) ** 2
    return max(math.ceil(needed), 1) if needed <= MOST_ROWS else None


def told(code: str, found: Estimate | str, rows: int, confidence: float) -> MetricDifference:
    """An estimate as a value; without a verdict, which takes all of them.

    Args:
        code: of the metric.
        found: the estimate, or why there is none.
        rows: of which it was estimated.
        confidence: level of its interval.
    """
    if isinstance(found, str):
        return MetricDifference(code=code, reason=found)
    numbers = (found.value, found.low, found.high, found.p, found.error)
    if not all(map(math.isfinite, numbers)):
        value = found.value if math.isfinite(found.value) else None
        return MetricDifference(code=code, difference=value, reason="too few rows for a test")
    return MetricDifference(
        code=code,
        difference=found.value,
        low=found.low,
        high=found.high,
        p=min(max(found.p, 0.0), 1.0),
        method=found.method,
        rows_needed=rows_needed(found.value, found.error, rows, confidence),
    )


def judged(
    differences: Sequence[MetricDifference], sentences: Collection[str], confidence: float
) -> tuple[MetricDifference, ...]:
    """Differences with their verdicts.

    Args:
        differences: without verdicts.
        sentences: codes of the metrics that are told in sentences, for whose number their p-values
            are corrected.
        confidence: one less the level of the tests.
    """
    tested = [each for each in differences if each.code in sentences and each.p is not None]
    corrected = holm([each.p for each in tested if each.p is not None])
    adjusted = {each.code: p for each, p in zip(tested, corrected, strict=True)}
    return tuple(
        each.model_copy(
            update={
                "adjusted": adjusted.get(each.code),
                "verdict": verdict_of(each, adjusted.get(each.code, each.p), confidence),
            }
        )
        for each in differences
    )


def holm(values: Sequence[float]) -> list[float]:
    """P-values corrected for their number.

    Holm (1979), A simple sequentially rejective multiple test procedure, Scandinavian Journal of
    Statistics 6: the chance that any of them rejects wrongly stays below the level.
    """
    order = sorted(range(len(values)), key=lambda at: values[at])
    corrected, least = [0.0] * len(values), 0.0
    for place, at in enumerate(order):
        least = max(least, min(1.0, values[at] * (len(values) - place)))
        corrected[at] = least
    return corrected


def verdict_of(each: MetricDifference, p: float | None, confidence: float) -> PairedVerdict:
    """Better or worse where both the test and the interval say so.

    Args:
        each: the difference.
        p: its p-value, corrected where it is one of several.
        confidence: one less the level of the test.
    """
    if p is None or each.difference is None or each.low is None or each.high is None:
        return "unknown"
    # 1 - 0.95 is a little more than 0.05.
    if p >= 1 - confidence - 1e-12 or each.low <= 0 <= each.high:
        return "indistinguishable"
    return "better" if (each.difference > 0) != (each.code in LOWER_IS_BETTER) else "worse"
