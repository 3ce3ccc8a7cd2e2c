"""Scores sorted once, with the weights of positives and negatives cumulated from the top."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from modelyard.analysis.arrays import Bools, Floats, Ints, blocks, each
from modelyard.analysis.sorting import near_order, rising_order


@dataclass(frozen=True)
class Ranking:
    """Distinct scores, falling, and what lies at or above each of them.

    Rows of one score cannot be told apart, so that they enter all at once.
    """

    scores: Floats
    true: Floats
    """Weight of the positives with at least this score."""
    false: Floats
    """Weight of the negatives with at least this score."""
    true_squares: Floats
    """Squares of weights, the same way: what variances need."""
    false_squares: Floats
    rows: Ints
    """How many rows have at least each score."""
    row_scores: Floats
    """The score of each row."""
    known_order: Ints | None = None

    @cached_property
    def order(self) -> Ints:
        """Rows by rising score."""
        return rising_order(self.row_scores) if self.known_order is None else self.known_order

    @cached_property
    def reached(self) -> Floats:
        """Weight of all rows with at least each score."""
        return self.true + self.false

    @cached_property
    def true_here(self) -> Floats:
        """Weight of the positives with each score."""
        return each(self.true)

    @cached_property
    def false_here(self) -> Floats:
        """Weight of the negatives with each score."""
        return each(self.false)

    @cached_property
    def squares_here(self) -> tuple[Floats, Floats]:
        """Squares of weights of the positives and of the negatives with each score."""
        if self.true_squares is self.true:
            return self.true_here, self.false_here
        return each(self.true_squares), each(self.false_squares)

    @cached_property
    def along(self) -> Floats:
        """Share of the positives and share of the negatives down to each score, together."""
        shares = np.empty_like(self.true)
        for part in blocks(len(shares)):
            shares[part] = self.true[part] / self.positives + self.false[part] / self.negatives
        return shares

    @cached_property
    def pairs_here(self) -> Floats:
        """Weight of the pairs that are in order of which the negative has each score.

        A pair is a positive and a negative; of one score, it counts half.
        """
        pairs = self.true_here / -2
        pairs += self.true
        pairs *= self.false_here
        return pairs

    @cached_property
    def expected_here(self) -> Floats:
        """Weight of the rows with each score times that score, which is taken for a probability."""
        expected = np.clip(self.scores, 0, 1)
        expected *= each(self.reached)
        return expected

    def by_row(self, values: Floats) -> Floats:
        """What is known of each distinct score, for each row."""
        spread = np.empty(len(self.order))
        spread[self.order[::-1]] = np.repeat(values, np.diff(self.rows, prepend=0))
        return spread

    @property
    def positives(self) -> float:
        """Weight of all positives."""
        return float(self.true[-1]) if len(self.true) else 0.0

    @property
    def negatives(self) -> float:
        """Weight of all negatives."""
        return float(self.false[-1]) if len(self.false) else 0.0

    @property
    def weight(self) -> float:
        """Weight of all rows."""
        return self.positives + self.negatives

    @property
    def reason(self) -> str:
        """Why two classes cannot be compared; empty if they can."""
        if not len(self.scores):
            return "there are no rows"
        if not self.positives:
            return "there are no rows of the positive class"
        return "" if self.negatives else "all rows are of the positive class"

    def at_least(self, threshold: float) -> int:
        """How many distinct scores reach a threshold."""
        rising = self.scores[::-1]
        return len(rising) - int(np.searchsorted(rising, threshold, side="left"))


def ranked(
    truth: Bools, score: Floats, weights: Floats | None = None, order: Ints | None = None
) -> Ranking:
    """Sort rows by score, unless their order is known, and cumulate."""
    weight = None
    if weights is None and order is None and len(score) and score.min() >= 0:
        falling, positive = _sorted_together(truth, score)
    else:
        order = rising_order(score) if order is None else order
        falling, positive = score[order[::-1]], truth[order[::-1]].astype(np.float64)
        weight = None if weights is None else weights[order[::-1]]
    last = np.ones(len(score), np.bool_)
    np.not_equal(falling[1:], falling[:-1], out=last[:-1])
    rows = np.flatnonzero(last)
    rows += 1
    if weight is None:
        true = _kept(np.cumsum(positive, out=positive), last, rows)
        false = rows - true
        squares = true, false
    else:
        true, false = _cumulated(weight, positive, last, rows)
        squares = _cumulated(weight * weight, positive, last, rows)
    return Ranking(_kept(falling, last, rows), true, false, *squares, rows, score, order)


def _kept(values: Floats, last: Bools, rows: Ints) -> Floats:
    """Values at the last row of each score; all of them if no two rows have the same."""
    return values if len(rows) == len(values) else values[last]


def _sorted_together(truth: Bools, score: Floats) -> tuple[Floats, Floats]:
    """Falling scores from 0 on, and the truth of each as 1 or 0, without an order of the rows.

    The bits of such numbers are in the order of the numbers. Their first one is the sign, so that
    there is room for the truth at their end.
    """
    keys = (score + 0.0).view(np.uint64)  # -0.0 becomes 0.0
    keys <<= np.uint64(1)
    keys |= truth
    np.invert(keys, out=keys)
    keys = keys[near_order(score)[::-1]]
    keys.sort(kind="stable")
    np.invert(keys, out=keys)
    positive = (keys & np.uint64(1)).astype(np.float64)
    keys >>= np.uint64(1)
    return keys.view(np.float64), positive


def _cumulated(weight: Floats, positive: Floats, last: Bools, rows: Ints) -> tuple[Floats, Floats]:
    return (
        _kept(np.cumsum(weight * positive), last, rows),
        _kept(np.cumsum(weight * (1 - positive)), last, rows),
    )
