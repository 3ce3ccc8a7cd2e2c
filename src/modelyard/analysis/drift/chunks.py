"""What chance does: statistics of chunks of the reference that are as large as current.

A window is compared with a reference that is a sample itself. Both count: the statistics are those
of one sample of n m / (n + m) rows around known shares, where n and m are the rows of the sides. So
a reference smaller than current limits what can be told, however large current is. Rows are taken
to come independently of each other.
"""

from __future__ import annotations

import math
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

from modelyard.analysis.arrays import Floats
from modelyard.analysis.drift.bins import NEW, OTHERS, Bins

LEAST_CHUNKS, MOST_CHUNKS = 1000, 10_000
PAST = 10
"""How many chunks are to be past a limit, so that it is known well."""
LARGE = 25
"""Rows that are expected in a bin, from which their number is nearly normal."""
MOST_LARGE = 256
GRID = np.unique(
    np.concatenate([np.arange(257) / 256, 0.5 ** np.arange(9, 24), 1 - 0.5 ** np.arange(9, 24)])
)
"""Shares at which bridges are drawn; many near the ends, for long tails."""


class Chunks:
    """Chunks of the reference, drawn once for all tests of a column."""

    def __init__(self, bins: Bins, past: float, seed: int) -> None:
        """`past` is the share of chunks that may be past a limit."""
        self.bins = bins
        self.past = past
        self.seed = seed
        self.count = int(min(max(PAST / past, LEAST_CHUNKS), MOST_CHUNKS))

    @property
    def rows(self) -> float:
        """Of one sample that tells as much as both sides."""
        return joint(float(self.bins.reference.sum()), float(self.bins.current.sum()))

    @cached_property
    def shares(self) -> Floats:
        """Of each chunk, the shares of its rows in the bins.

        Counts are drawn from Poisson distributions, which makes the size of chunks vary a little
        and their shares those of a multinomial. Large ones are drawn as normal ones, corrected for
        their skewness: Cornish and Fisher (1938), Moments and cumulants in the specification of
        distributions, Revue de l'Institut International de Statistique 5.
        """
        means = _expected(self.bins) * self.rows
        rng = np.random.default_rng(self.seed)
        counts = np.empty((self.count, len(means)))
        large = (means >= LARGE) & (np.arange(len(means)) < MOST_LARGE)
        normal = _normals(self.count, self.seed)[:, : np.count_nonzero(large)]
        counts[:, large] = means[large] + np.sqrt(means[large]) * normal + (normal**2 - 1) / 6
        counts[:, ~large] = rng.poisson(means[~large], (self.count, np.count_nonzero(~large)))
        if NEW in self.bins.names:
            unseen = rng.normal(self.bins.unseen, self.bins.unseen_error, self.count)
            at = self.bins.names.index(NEW)
            counts[:, at] = rng.poisson(np.clip(unseen, 0, 1) * self.rows)
        shares: Floats = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        return shares

    def limit(self, statistics: npt.NDArray[np.floating]) -> float:
        """What all but the allowed share of chunks stay below."""
        at = math.ceil((1 - self.past) * (len(statistics) - 1))
        return float(np.partition(statistics, at)[at])

    def area_limit(self, shares: Floats, widths: Floats, rows: float) -> float:
        """The limit of the area between distribution functions.

        Args:
            shares: of the reference's numbers up to each edge.
            widths: between these edges.
            rows: of one sample that tells as much as both sides.

        The gap of the functions, times the root of the rows, tends to a Brownian bridge (Donsker
        1952).
        """
        weights = (np.append(widths, 0) + np.append(0, widths)) / 2
        places = ((GRID[1:] + GRID[:-1]) / 2).searchsorted(shares)
        by_place = np.bincount(places, weights, len(GRID))
        return self.limit(_bridges(self.count, self.seed) @ by_place) / math.sqrt(rows)


def _expected(bins: Bins) -> Floats:
    """Shares of chunks in the mean: categories that the reference lacks by chance are in them.

    Their share is that of categories which one row of the reference holds, and so it is what the
    rare ones have too much, which are among all others.
    """
    expected = bins.reference_shares.copy()
    if NEW not in bins.names:
        return expected
    left = bins.unseen
    if OTHERS in bins.names:
        at = bins.names.index(OTHERS)
        taken = min(float(expected[at]), left)
        expected[at] -= taken
        left -= taken
    expected *= 1 - left / max(float(expected.sum()), left)
    expected[bins.names.index(NEW)] = bins.unseen
    return expected


def joint(a: float, b: float) -> float:
    """Rows of one sample that tells as much as two of so many."""
    return a * b / (a + b)


@lru_cache(maxsize=2)
def _normals(count: int, seed: int) -> npt.NDArray[np.float64]:
    """Standard normal numbers, a column for each bin."""
    return np.random.default_rng(seed).standard_normal((count, MOST_LARGE))


@lru_cache(maxsize=2)
def _bridges(count: int, seed: int) -> npt.NDArray[np.float64]:
    """Absolute values of Brownian bridges on the grid."""
    steps = np.random.default_rng(seed).standard_normal((count, len(GRID) - 1))
    steps *= np.sqrt(np.diff(GRID))
    walks = np.zeros((count, len(GRID)))
    np.cumsum(steps, axis=1, out=walks[:, 1:])
    bridges: npt.NDArray[np.float64] = np.abs(walks - walks[:, -1:] * GRID)
    return bridges
