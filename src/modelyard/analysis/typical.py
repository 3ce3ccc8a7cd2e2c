"""What is usual, from what was before: a band around the quartiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

LEAST = 3
"""Values below which nothing is usual yet."""


@dataclass(frozen=True)
class TypicalBand:
    """The quartiles of some values.

    Tukey (1977), Exploratory data analysis: fences lie a multiple of the interquartile range beyond
    the quartiles. These are linearly interpolated, as by NumPy and R's type 7.

    Args:
        lower: the first quartile.
        upper: the third quartile.
        count: of the values.
    """

    lower: float
    upper: float
    count: int

    def fences(self, k: float) -> tuple[float, float]:
        """The ends of the band that reaches `k` interquartile ranges beyond the quartiles."""
        reach = k * (self.upper - self.lower)
        return self.lower - reach, self.upper + reach


def typical_band(values: Sequence[float]) -> TypicalBand | None:
    """The quartiles of finite values; None: there are too few of them."""
    if len(values) < LEAST:
        return None
    lower, upper = np.quantile(np.asarray(values, float), [0.25, 0.75]).tolist()
    return TypicalBand(lower, upper, len(values))
