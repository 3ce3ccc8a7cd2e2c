"""Arrays of numbers, and how they become plain values."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from modelyard.analysis.types import Gaps, Method, Metric, Numbers

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Interval = tuple[float, float, Method]
BLOCK = 2**14
"""Numbers of an array that are worked on together."""


def blocks(count: int) -> Iterator[slice]:
    """Parts of arrays, so small that steps upon one in turn find it in the processor's cache."""
    return (slice(start, min(start + BLOCK, count)) for start in range(0, count, BLOCK))


def share(part: npt.ArrayLike, whole: npt.ArrayLike) -> Floats:
    """Part over whole; NaN where the whole is zero."""
    part, whole = np.broadcast_arrays(np.asarray(part, float), np.asarray(whole, float))
    found: Floats = np.full(part.shape, np.nan)
    np.divide(part, whole, out=found, where=whole != 0)
    return found


def each(cumulated: Floats) -> Floats:
    """What sums were cumulated of."""
    parts = np.empty_like(cumulated)
    parts[:1] = cumulated[:1]
    np.subtract(cumulated[1:], cumulated[:-1], out=parts[1:])
    return parts


def between(values: Floats, ends: Ints) -> Floats:
    """Sums of values up to each end from the one before; the last end is that of the values."""
    return np.add.reduceat(values, np.append(0, ends[:-1] + 1))


def summed(codes: Ints, weights: Floats | None, count: int) -> Floats:
    """Sum of weights by code; of ones if there are no weights."""
    return np.bincount(codes, weights, count).astype(np.float64, copy=False)


def gaps(numbers: npt.ArrayLike) -> Gaps:
    """As plain numbers; none where they are not finite."""
    array = np.asarray(numbers, float)
    plain = array.tolist()
    if not np.isfinite(array).all():
        plain = [x if math.isfinite(x) else None for x in plain]
    return tuple(plain)


def plain(numbers: npt.ArrayLike) -> Numbers:
    """As plain numbers, all of which are finite."""
    return tuple(np.asarray(numbers, float).tolist())


def metric(
    code: str, value: float, interval: Interval | str | None = None, *, reason: str = ""
) -> Metric:
    """A metric; the reason is told where the value is not finite.

    Args:
        code: its code.
        value: what was computed.
        interval: its limits and where they are from, or why there are none.
        reason: why there is no value.
    """
    if not math.isfinite(value):
        return Metric(code=code, reason=reason or "the numbers are too large to be computed with")
    if interval is None or isinstance(interval, str):
        return Metric(code=code, value=float(value), reason=interval)
    low, high, method = interval
    if not (math.isfinite(low) and math.isfinite(high)):
        return Metric(code=code, value=float(value), reason="too few rows for an interval")
    return Metric(code=code, value=float(value), low=float(low), high=float(high), method=method)


def absent(code: str, reason: str) -> Metric:
    """A metric that cannot be computed."""
    return Metric(code=code, reason=reason)
