"""Rows by rising value, near their places in linear time before they are compared."""

from __future__ import annotations

import math

import numpy as np

from modelyard.analysis.arrays import Floats, Ints, blocks

PARTS = 2**16 - 1


def rising_order(values: Floats) -> Ints:
    """Positions of values by rising value, none of which is NaN."""
    near = near_order(values)
    return near[np.argsort(values[near], kind="stable")]


def rising(values: Floats) -> Floats:
    """The values, none of which is NaN, from the least to the largest."""
    ordered = values[near_order(values)]
    ordered.sort(kind="stable")
    return ordered


def near_order(values: Floats) -> Ints:
    """Positions of values by which of 65,536 equal parts of their range they lie in.

    NumPy sorts whole numbers of 16 bits by counting them, and its stable sort of what is almost in
    order is short. Together they take a third to a half of the time of its sort at once, unless
    most values lie in few of the parts; then they take a quarter more.
    """
    if not len(values):
        return np.empty(0, np.int64)
    low = float(values.min())
    width = float(values.max()) - low
    steps = PARTS / width if width else 0.0
    if not (math.isfinite(width) and math.isfinite(steps)):
        return np.arange(len(values))
    parts = np.empty(len(values), np.uint16)
    for some in blocks(len(values)):
        parts[some] = (values[some] - low) * steps
    return np.argsort(parts, kind="stable")
