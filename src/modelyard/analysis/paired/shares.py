"""The difference of two shares on the same rows: McNemar's test, Newcombe's interval."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from modelyard.analysis.arrays import Bools, Floats
from modelyard.analysis.intervals import wilson
from modelyard.analysis.paired.estimates import Estimate
from modelyard.analysis.paired.means import mean_estimate
from modelyard.analysis.paired.types import Decisions

EXACT_BELOW = 25
"""Discordant rows below which the test is exact."""


@dataclass(frozen=True)
class Agreement:
    """Rows by whether the base and the challenger are right on them."""

    both: int
    base_only: int
    challenger_only: int
    neither: int

    @property
    def rows(self) -> int:
        """All of them."""
        return self.both + self.base_only + self.challenger_only + self.neither


def agreement(base: Bools, challenger: Bools) -> Agreement:
    """Count rows by whether each of the two is right."""
    counts = np.bincount(base * np.int8(2) + challenger, minlength=4).tolist()
    return Agreement(counts[3], counts[2], counts[1], counts[0])


def mcnemar(base_only: int, challenger_only: int) -> float:
    """The p-value, two-sided, that rows on which one alone is right are as many for either.

    McNemar (1947), Psychometrika 12, corrected for continuity by Edwards (1948), Psychometrika 13;
    below 25 such rows by the binomial distribution itself.
    """
    count, fewer = base_only + challenger_only, min(base_only, challenger_only)
    if count < EXACT_BELOW:
        tail: float = sum(math.comb(count, at) for at in range(fewer + 1)) / 2**count
        return min(1.0, 2 * tail)
    gap = max(abs(base_only - challenger_only) - 1, 0)
    return math.erfc(gap / math.sqrt(2 * count))


def share_difference(found: Agreement, confidence: float, sign: int = 1) -> Estimate:
    """The challenger's share of right rows minus the base's.

    The interval is method 10 of Newcombe (1998), Improved confidence intervals for the difference
    between binomial proportions based on paired data, Statistics in Medicine 17: Wilson's limits of
    both shares, put together by how the two go along, with his correction for continuity.

    Args:
        found: counts of rows, at least one.
        confidence: level of the interval.
        sign: -1 for shares of wrong rows.
    """
    n, only = found.rows, (found.challenger_only, found.base_only)
    shares = [(found.both + each) / n for each in only]
    lows, highs = wilson(shares, n, confidence)
    (up, base_up), (down, base_down) = (highs - shares).tolist(), (shares - lows).tolist()
    along = _along(found)
    low = math.sqrt(max(down**2 - 2 * along * down * base_up + base_up**2, 0.0))
    high = math.sqrt(max(up**2 - 2 * along * up * base_down + base_down**2, 0.0))
    gap = (only[0] - only[1]) / n
    low, high = (gap - low, gap + high) if sign > 0 else (-gap - high, low - gap)
    spread = (only[0] + only[1]) / n - gap * gap
    error = math.sqrt(spread / n)
    return Estimate(sign * gap, low, high, mcnemar(only[1], only[0]), error, "mcnemar")


def _along(found: Agreement) -> float:
    """Newcombe's corrected phi: how far being right goes along with the other's being right."""
    both, base, challenger, neither = (
        found.both,
        found.base_only,
        found.challenger_only,
        found.neither,
    )
    margins = (both + base) * (challenger + neither) * (both + challenger) * (base + neither)
    if not margins:
        return 0.0
    gap = float(both * neither - base * challenger)
    return (max(gap - found.rows / 2, 0.0) if gap > 0 else gap) / math.sqrt(margins)


def right_rows(
    base: Bools,
    challenger: Bools,
    weights: Floats | None,
    some: Bools | None,
    confidence: float,
    *,
    sign: int = 1,
) -> Estimate | str:
    """The challenger's share of right rows minus the base's; with weights by `mean_estimate`.

    Args:
        base: whether it is right, by row.
        challenger: the same.
        weights: of each row; none: all are 1.
        some: rows that are looked at; none: all of them.
        confidence: level of the interval.
        sign: -1 for shares of wrong rows.
    """
    if some is not None:
        base, challenger = base[some], challenger[some]
        weights = None if weights is None else weights[some]
    if weights is None:
        return share_difference(agreement(base, challenger), confidence, sign)
    before, after = sign * base.astype(np.float64), sign * challenger.astype(np.float64)
    return mean_estimate(before, after, weights, confidence)


def decisions(base: Bools, challenger: Bools, *, differ: int, weighted: bool) -> Decisions:
    """Count the rows that two classifiers decide differently.

    Args:
        base: whether it is right, by row.
        challenger: the same.
        differ: how many rows they decide differently.
        weighted: whether rows have weights, with which McNemar's test is none.
    """
    found = agreement(base, challenger)
    only = found.base_only, found.challenger_only
    return Decisions(
        rows=found.rows,
        differ=differ,
        challenger_right=found.challenger_only,
        base_right=found.base_only,
        p=None if weighted else mcnemar(*only),
    )
