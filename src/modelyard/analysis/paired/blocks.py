"""A bootstrap in which two models meet the same rows, as cheap for a million as for a thousand."""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np
import numpy.typing as npt

from modelyard.analysis.arrays import Floats, Ints
from modelyard.analysis.paired.estimates import Estimate

BLOCKS = 500
"""Blocks that rows are put in at random; so few rows are a block each."""
RESAMPLES = 1000
SEED = 1337
ALONE = 2**18
"""Products of so few numbers OpenBLAS does on one processor; to gather others takes longer."""
KNOWN = 0.9
"""The least share of resamples in which a statistic has to be known."""


class Blocks:
    """Rows in random blocks, and how often each block is drawn in each resample.

    Whole blocks are drawn, so that the weights and sums of a resample are those of its blocks: a
    product of two matrices, whatever the number of rows. Blocks that are drawn at random from all
    rows vary as single rows do (Kott 2001, The delete-a-group jackknife, Journal of Official
    Statistics 17, with a bootstrap of the groups in place of a jackknife); of few rows it is that
    of Efron (1979), Annals of Statistics 7.

    Args:
        rows: how many there are.
        seed: the same gives the same resamples.
    """

    def __init__(self, rows: int, seed: int = SEED) -> None:
        self.rows = rows
        self.count = min(rows, BLOCKS)
        self._seed = seed

    @cached_property
    def block(self) -> Ints:
        """The block of each row."""
        found = np.arange(self.rows) % max(self.count, 1)
        if self.rows > self.count:
            np.random.default_rng(self._seed).shuffle(found)
        return found

    @cached_property
    def times(self) -> Floats:
        """How often each block is in each resample; those are down, blocks across."""
        rng = np.random.default_rng(self._seed + 1)
        drawn = rng.integers(0, max(self.count, 1), (RESAMPLES, self.count))
        drawn += np.arange(RESAMPLES)[:, None] * self.count
        counted = np.bincount(drawn.ravel(), minlength=RESAMPLES * self.count)
        return counted.reshape(RESAMPLES, self.count).astype(np.float64)

    def sums(self, weights: Floats | None, cell: npt.NDArray[np.integer], cells: int) -> Floats:
        """Resampled sums of weights by cell; the first line is that of the rows as they are.

        Args:
            weights: of each row; none: ones.
            cell: of each row.
            cells: how many there are.
        """
        place = self.block * cells + cell
        found: Floats = np.bincount(place, weights, self.count * cells).astype(np.float64)
        return self._resampled(found.reshape(self.count, cells))

    def totals(self, *values: Floats) -> Floats:
        """Resampled sums of columns of values; the first line as in `sums`."""
        columns = [np.bincount(self.block, each, self.count) for each in values]
        return self._resampled(np.column_stack(columns))

    def _resampled(self, by_block: Floats) -> Floats:
        found = np.empty((RESAMPLES + 1, by_block.shape[1]))
        by_block.sum(axis=0, out=found[0])
        step = max(ALONE // max(by_block.size, 1), 1)
        for first in range(0, RESAMPLES, step):
            some = slice(first, first + step)
            np.matmul(self.times[some], by_block, out=found[1:][some])
        return found


def bootstrapped(base: Floats, challenger: Floats, confidence: float) -> Estimate | str:
    """The challenger's statistic minus the base's.

    The interval is the basic one: the spread of the resamples around the difference, mirrored
    (Davison and Hinkley 1997, Bootstrap Methods and their Application, sections 5.2 and 4.4.1). The
    p-value is the share of resamples that are as far from the difference as that is from zero, on
    its side, times two; so interval and test agree, and it is at least two in the number of
    resamples and one.

    Args:
        base: its statistic, of the rows as they are and of each resample.
        challenger: the same.
        confidence: level of the interval.
    """
    gaps = challenger - base
    value, draws = float(gaps[0]), gaps[1:]
    if not math.isfinite(value):
        return "it is not known of both"
    known = np.isfinite(draws)
    if not len(draws) or known.mean() < KNOWN:
        return "too few rows for a test"
    draws = draws[known]
    away = draws - value
    tail = (1 - confidence) / 2
    low, high = np.quantile(away, [1 - tail, tail])
    beyond = np.count_nonzero(away >= value if value > 0 else away <= value)
    p = min(1.0, 2 * (beyond + 1) / (len(draws) + 1)) if value else 1.0
    error = float(draws.std())
    return Estimate(value, value - float(low), value - float(high), p, error, "bootstrap")
