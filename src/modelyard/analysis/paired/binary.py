"""Two binary models on the same rows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cached_property

import numpy as np

from modelyard.analysis.areas import average_precision, found_at
from modelyard.analysis.arrays import Bools, Floats, Ints, share
from modelyard.analysis.calibration import group_ends, not_probabilities, surprise
from modelyard.analysis.intake import BinaryRows
from modelyard.analysis.paired.areas import delong, influence_estimate, influences, placements
from modelyard.analysis.paired.blocks import Blocks, bootstrapped
from modelyard.analysis.paired.estimates import Estimate, judged, told
from modelyard.analysis.paired.means import mean_estimate
from modelyard.analysis.paired.shares import decisions, right_rows
from modelyard.analysis.paired.types import Paired
from modelyard.analysis.ranking import Ranking, ranked
from modelyard.analysis.sorting import rising_order
from modelyard.analysis.thresholds import GREATER_IS_BETTER, REASONS, Confusion
from modelyard.analysis.types import BinaryOptions

TOLD = ("auc", "f1", "recall")
TOLD_OF_LABELS = ("accuracy", "f1", "recall")
"""The metrics that sentences tell, the first one foremost."""
LABELS_ONLY = "one of the two gives labels without probabilities"
OF_SCORES = ("auc", "averagePrecision", "logLoss", "brierScore", "calibrationLoss", "lift")
CODES = (*GREATER_IS_BETTER, *OF_SCORES)
LIFT_CELLS = 16
REACH = 5.0
"""Rows are counted for the lift in so many cells of falling score, on so many standard errors of a
share to either side of where it is told."""


class BinarySide:
    """What a binary model did with each row; worked out once for all models it is compared with.

    Args:
        rows: truth and scores; those of the other side are the same but for the scores.
        threshold: from which score on the positive class is predicted.
        options: how they are looked at.
        blocks: those that both sides are resampled in.
        has_scores: whether the model gives probabilities, and not labels alone.
    """

    def __init__(
        self,
        rows: BinaryRows,
        threshold: float,
        options: BinaryOptions,
        blocks: Blocks,
        *,
        has_scores: bool = True,
    ) -> None:
        self.rows = rows
        self.options = options
        self.blocks = blocks
        self.has_scores = has_scores
        self.predicted: Bools = rows.score >= threshold

    @cached_property
    def right(self) -> Bools:
        """Whether each row is predicted as it is."""
        found: Bools = self.predicted == self.rows.truth
        return found

    @cached_property
    def ranking(self) -> Ranking:
        """The rows by falling score."""
        rows = self.rows
        return ranked(rows.truth, rows.score, rows.weights, rising_order(rows.score))

    @cached_property
    def placed(self) -> Floats:
        """Placements of the rows among those of the other class."""
        return placements(self.ranking, self.rows.truth)

    @cached_property
    def average_precision(self) -> float:
        """Of all rows."""
        return average_precision(self.ranking, self.options.confidence).value or 0.0

    @cached_property
    def not_probabilities(self) -> str:
        """Why its scores are none; empty if they are."""
        return not_probabilities(self.rows)

    @cached_property
    def influence(self) -> Floats:
        """On the average precision."""
        return influences(self.ranking, self.rows.truth)

    def losses(self, code: str) -> Floats:
        """The log loss or the Brier score of each row."""
        gap: Floats = self.rows.score - self.rows.truth
        return gap * gap if code == "brierScore" else surprise(1 - abs(gap))

    @cached_property
    def gains(self) -> Floats:
        """What each row is worth by the cost matrix."""
        gains = self.options.gains
        worth = np.array(
            [
                *(gains.true_negative, gains.false_positive),
                *(gains.false_negative, gains.true_positive),
            ]
        )
        found: Floats = worth[self._cells]
        return found

    def resampled(self, code: str) -> Floats:
        """A metric of decisions, of the rows as they are and of each resample."""
        return self.confusions.metric(code, self.options.gains)

    @property
    def _cells(self) -> Ints:
        return self.rows.truth * np.int64(2) + self.predicted

    @cached_property
    def confusions(self) -> Confusion:
        """Confusion matrices, of the rows as they are and of each resample."""
        found = self.blocks.sums(self.rows.weights, self._cells, 4)
        tn, fp, fn, tp = found.T
        return Confusion(tp=tp, fp=fp, tn=tn, fn=fn)

    @cached_property
    def lifts(self) -> Floats:
        """Lifts, of the rows as they are and of each resample."""
        ranking, at_share = self.ranking, self.options.lift_share
        around = REACH * math.sqrt(at_share * (1 - at_share) / len(self.rows.truth))
        parts = at_share + around * np.linspace(-1, 1, LIFT_CELLS + 1)
        parts = np.append(parts[(parts > 0) & (parts < 1)], 1) * (1 - 1e-12)
        ends = np.unique(np.searchsorted(ranking.reached, parts * ranking.weight))
        cell = self._cell_of(ends)
        count = len(ends)
        sums = self.blocks.sums(self.rows.weights, cell * 2 + self.rows.truth, count * 2)
        true = np.cumsum(sums[:, 1::2], axis=1)
        reached = np.cumsum(sums[:, ::2] + sums[:, 1::2], axis=1)
        found = share(_at_share(true, reached, at_share), at_share * true[:, -1])
        # What cells round off is the same in all resamples.
        found += found_at(ranking, at_share) / at_share - found[0]
        return found

    @cached_property
    def calibration_losses(self) -> Floats:
        """Calibration losses, of the rows as they are and of each resample; groups are kept."""
        cell = self._cell_of(group_ends(self.ranking, self.options))
        count, weights = int(cell.max()) + 1, self.rows.weights
        gap = self.rows.truth - self.rows.score
        gaps = self.blocks.sums(gap if weights is None else gap * weights, cell, count)
        total = self.blocks.sums(weights, np.zeros(len(gap), np.int64), 1)[:, 0]
        return share(abs(gaps).sum(axis=1), total)

    def _cell_of(self, ends: Ints) -> Ints:
        """The cell of each row, given which distinct score is the last of each."""
        of_score = np.searchsorted(ends, np.arange(len(self.ranking.scores)))
        return self.ranking.by_row(of_score.astype(np.float64)).astype(np.int64)


def _at_share(true: Floats, reached: Floats, at_share: float) -> Floats:
    """Positives among a share of all rows, likeliest first, in each line of cumulated cells."""
    target = at_share * reached[:, -1:]
    at = (reached < target).sum(axis=1, keepdims=True)
    at = np.minimum(at, reached.shape[1] - 1)

    def around(values: Floats) -> tuple[Floats, Floats]:
        before = np.where(at > 0, np.take_along_axis(values, np.maximum(at - 1, 0), 1), 0.0)
        return before[:, 0], np.take_along_axis(values, at, 1)[:, 0]

    (true_before, true_here), (before, here) = around(true), around(reached)
    part = np.nan_to_num(share(target[:, 0] - before, here - before))
    found: Floats = true_before + part * (true_here - true_before)
    return found


def paired_binary(
    base: BinarySide,
    challenger: BinarySide,
    confidence: float,
    left_out: Mapping[str, str] | None = None,
) -> Paired:
    """The challenger's metrics minus the base's, each at its own threshold.

    Args:
        base: what the one did with the rows.
        challenger: what the other did with the same rows.
        confidence: level of intervals and verdicts.
        left_out: codes of metrics that are not comparable, and why.
    """
    rows = len(base.rows.truth)
    without = left_out or {}
    found = {
        code: without.get(code) or binary_estimate(code, base, challenger, confidence)
        for code in CODES
    }
    sentences = TOLD_OF_LABELS if isinstance(found["auc"], str) else TOLD
    differences = [told(code, each, rows, confidence) for code, each in found.items()]
    return Paired(
        rows=rows,
        confidence=confidence,
        told=sentences,
        decisions=decisions(
            base.right,
            challenger.right,
            differ=int(np.count_nonzero(base.predicted != challenger.predicted)),
            weighted=base.rows.weights is not None,
        ),
        differences=judged(differences, sentences, confidence),
    )


def binary_estimate(
    code: str, base: BinarySide, challenger: BinarySide, confidence: float
) -> Estimate | str:
    """The challenger's metric minus the base's, or why there is none."""
    if code in OF_SCORES and not (base.has_scores and challenger.has_scores):
        return LABELS_ONLY
    if not len(base.rows.truth):
        return "there are no rows"
    find = _of_decisions if code in GREATER_IS_BETTER else _of_scores
    return find(code, base, challenger, confidence)


def _of_decisions(
    code: str, base: BinarySide, challenger: BinarySide, confidence: float
) -> Estimate | str:
    truth, weights = base.rows.truth, base.rows.weights
    if code == "costMatrixGain":
        return mean_estimate(base.gains, challenger.gains, weights, confidence)
    if code in ("precision", "f1", "mcc"):
        before, after = base.resampled(code), challenger.resampled(code)
        if math.isnan(before[0] + after[0]):
            return REASONS[code]
        return bootstrapped(before, after, confidence)
    some = {"recall": truth, "specificity": ~truth}.get(code)
    if some is not None and not some.any():
        return REASONS[code]
    sign = -1 if code == "hammingLoss" else 1
    return right_rows(base.right, challenger.right, weights, some, confidence, sign=sign)


def _of_scores(
    code: str, base: BinarySide, challenger: BinarySide, confidence: float
) -> Estimate | str:
    truth, weights = base.rows.truth, base.rows.weights
    if code in ("logLoss", "brierScore", "calibrationLoss"):
        if reason := base.not_probabilities or challenger.not_probabilities:
            return reason
        if code == "calibrationLoss":
            losses = challenger.calibration_losses
            return bootstrapped(base.calibration_losses, losses, confidence)
        return mean_estimate(base.losses(code), challenger.losses(code), weights, confidence)
    if reason := base.ranking.reason:
        return reason
    if code == "auc":
        return delong(base.placed, challenger.placed, truth, weights, confidence)
    if code == "lift":
        return bootstrapped(base.lifts, challenger.lifts, confidence)
    gap = challenger.average_precision - base.average_precision
    return influence_estimate(gap, base.influence, challenger.influence, weights, confidence)
