"""A bootstrap of sorted scores that costs the same for a thousand rows and for a million."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from modelyard.analysis.arrays import Floats, Interval, Ints, between, each
from modelyard.analysis.ranking import Ranking


@dataclass(frozen=True)
class Resamples:
    """Resampled weights of positives and negatives in cells of falling score.

    In a Poisson bootstrap each row counts as often as a Poisson variable of mean 1 says (Hanley and
    MacGibbon 2006, Creating non-parametric bootstrap samples using Poisson frequencies, Computer
    Methods and Programs in Biomedicine 83). Rows of one cell are only ever counted together, and a
    sum of n such variables is Poisson with mean n, so one draw a cell resamples all of its rows
    (Chamandy et al. 2012, Estimating uncertainty for massive data streams, Google). Weights of
    unequal size are matched in mean and variance.
    """

    scores: Floats
    """Mean score of each cell."""
    ends: Ints
    """Which of the distinct scores is the last of each cell."""
    true: Floats
    false: Floats
    """The cells as they are."""
    true_draws: Floats
    false_draws: Floats
    """Resamples by cells."""

    @cached_property
    def reached(self) -> tuple[Floats, Floats]:
        """Positives and negatives down to each cell, of the resamples that have both."""
        true, false = self.true_draws, self.false_draws
        both = true.any(axis=1) & false.any(axis=1)
        return np.cumsum(true[both], axis=1), np.cumsum(false[both], axis=1)


def resampled(ranking: Ranking, resamples: int, seed: int, cells: int) -> Resamples:
    """Draw resamples. The ranking has rows of both classes."""
    # Cells with equal numbers of positives and negatives together resolve both ends of a curve.
    along = ranking.along
    at = np.searchsorted(along, np.linspace(0, 2, cells + 1)[1:])
    ends = np.unique(np.minimum(at, len(along) - 1))
    true, false = each(ranking.true[ends]), each(ranking.false[ends])
    rng = np.random.default_rng(seed)
    return Resamples(
        between(ranking.expected_here, ends) / (true + false),
        ends,
        true,
        false,
        _drawn(rng, true, each(ranking.true_squares[ends]), resamples),
        _drawn(rng, false, each(ranking.false_squares[ends]), resamples),
    )


def _drawn(rng: np.random.Generator, weight: Floats, squares: Floats, resamples: int) -> Floats:
    unit = np.divide(squares, weight, out=np.ones_like(weight), where=weight > 0)
    counts = rng.poisson(weight / unit, (resamples, len(weight))).astype(np.float64)
    return counts * unit


def limits(
    draws: Floats, of_cells: float, value: float, confidence: float, *, floor: float, ceil: float
) -> Interval:
    """Basic bootstrap limits of a value: the spread of resamples around the cells, mirrored.

    Davison and Hinkley (1997), Bootstrap Methods and their Application, section 5.2. It corrects
    the bias that absolute values have under resampling; where that is all there is, as for
    probabilities that are calibrated, the limits are widened to hold the value.
    """
    known = draws[np.isfinite(draws)]
    if len(known) < len(draws) * 0.9:
        return float("nan"), float("nan"), "bootstrap"
    tail = (1 - confidence) / 2
    low, high = np.quantile(known - of_cells, [1 - tail, tail])
    lowest, highest = max(value - float(low), floor), min(value - float(high), ceil)
    return min(lowest, value), max(highest, value), "bootstrap"
