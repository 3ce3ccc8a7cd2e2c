"""Each class against all others: areas, calibration, and Hand and Till's AUC, a sort per class."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from modelyard.analysis.areas import average_precision, precision_influence, roc_auc
from modelyard.analysis.arrays import Bools, Floats, Ints, absent, metric, share
from modelyard.analysis.intervals import around
from modelyard.analysis.multiclass_types import MulticlassOptions
from modelyard.analysis.ranking import Ranking, ranked
from modelyard.analysis.resampling import limits
from modelyard.analysis.sorting import rising_order
from modelyard.analysis.types import Metric

BLOCKS = 200
"""Random blocks of rows that are resampled for the interval of the calibration loss."""


@dataclass
class OneVsRest:
    """What one look at each class's probabilities gives."""

    truth: Ints
    probabilities: Floats
    weights: Floats | None
    options: MulticlassOptions
    auc: list[Metric] = field(default_factory=list)
    average_precision: list[Metric] = field(default_factory=list)
    calibration_loss: Floats = field(default_factory=lambda: np.empty(0))

    def __post_init__(self) -> None:
        rows, classes = self.probabilities.shape
        self._weight = np.ones(rows) if self.weights is None else self.weights
        self._of_class = np.bincount(self.truth, self._weight, classes)
        self._here = self._of_class > 0
        self._part = self._weight / self._of_class[self.truth]
        self._pairs = 0.0
        self.placed = np.zeros(rows)
        self._precision_slope = np.zeros(rows)
        self._gaps: list[Floats] = []
        self._block = _blocks(rows, self.options.seed)
        for at in range(classes):
            self._look_at(at)
        self.calibration_loss = np.array([abs(x.sum(axis=0)).sum() for x in self._gaps])
        self.calibration_loss /= max(float(self._weight.sum()), 1e-300)

    @property
    def _average(self) -> Floats:
        """How much each class counts in averages."""
        if self.options.averaging == "macro":
            return self._here / max(int(self._here.sum()), 1)
        return share(self._of_class, self._of_class.sum())

    def _look_at(self, at: int) -> None:
        score = self.probabilities[:, at]
        is_class = self.truth == at
        found = ranked(is_class, score, self.weights, rising_order(score))
        self.auc.append(roc_auc(found, self.options.confidence))
        self.average_precision.append(average_precision(found, self.options.confidence))
        self._count_gaps(found, score, is_class)
        if self._here[at]:
            self._count_pairs(is_class, score, found.order)
            of_true, of_false = precision_influence(found)
            slope = np.where(is_class, found.by_row(of_true), found.by_row(of_false))
            self._precision_slope += self._average[at] * slope

    def _count_pairs(self, is_class: Bools, score: Floats, order: Ints) -> None:
        """Where rows of a class stand among those of each other class, by its own probability."""
        parts = ranked(is_class, score, self._part, order)
        above = parts.true - parts.true_here / 2
        below = parts.negatives - parts.false + parts.false_here / 2
        self._pairs += float((parts.false_here * above).sum())
        self.placed += np.where(is_class, parts.by_row(below), parts.by_row(above))

    def _count_gaps(self, found: Ranking, score: Floats, is_class: Bools) -> None:
        """Truth less probability by block of rows and group of similar probabilities."""
        groups = self.options.calibration_groups
        inner = np.arange(1, groups) / groups * found.weight * (1 - 1e-12)
        ends = np.unique(np.searchsorted(found.reached, inner))
        cuts = found.scores[ends[ends < len(found.scores)]][::-1]
        group = np.searchsorted(cuts, score, side="right")
        gap = self._weight * (is_class - score)
        size = len(cuts) + 1
        blocks = int(self._block.max(initial=-1)) + 1
        counted: Floats = np.bincount(self._block * size + group, gap, blocks * size).astype(float)
        self._gaps.append(counted.reshape(blocks, size))

    def hand_till(self) -> Metric:
        """The mean AUC over all ordered pairs of classes that have rows.

        Hand and Till (2001), A simple generalisation of the area under the ROC curve for multiple
        class classification problems, Machine Learning 45: in the pair (i, j), rows of i and j are
        ranked by the probability of i. All pairs of a class come of one sort: a row of j counts the
        share of the rows of i above it. The interval is DeLong's, with each row's placements in all
        of its pairs.
        """
        count = int(self._here.sum())
        if count < 2:
            rows = "there are no rows" if not count else "all rows are of one class"
            return absent("mrocAUC", rows)
        pairs = count * (count - 1)
        value = min(self._pairs / pairs, 1.0)  # rounding of many sums
        variance = self.variance_of(self.placed)
        if math.isnan(variance):
            return metric("mrocAUC", value, "an interval takes two rows of each class")
        low, high, _ = around(value, variance, self.options.confidence, within=(0.0, 1.0))
        return metric("mrocAUC", value, (low, high, "delong"))

    def variance_of(self, placed: Floats) -> float:
        """Of Hand and Till's mean of placements, or of their differences; NaN for too few rows.

        Args:
            placed: of each row, in all pairs of its class.
        """
        size = share(self._of_class**2, np.bincount(self.truth, self._weight**2, len(self._here)))
        if np.nanmin(size) <= 1 + 1e-9:
            return math.nan
        count = int(self._here.sum())
        mean = np.bincount(self.truth, self._part * placed, len(self._here))
        gap = self._part * (placed - mean[self.truth])
        spread = np.bincount(self.truth, gap * gap, len(self._here))
        return float(np.nansum(spread * size / (size - 1))) / (count * (count - 1)) ** 2

    def mean_average_precision(self) -> Metric:
        """The average precision of the classes that have rows, averaged."""
        if not self._here.any():
            return absent("averagePrecision", "there are no rows")
        values = self._precisions
        value = min(float(self._average @ values), 1.0)
        variance = float(((self._weight * self.precision_slope) ** 2).sum())
        interval = around(value, variance, self.options.confidence, within=(0.0, 1.0))
        return metric("averagePrecision", value, interval)

    @property
    def _precisions(self) -> Floats:
        """The average precision of each class; 0 where it has none."""
        return np.array([x.value if x.value is not None else 0.0 for x in self.average_precision])

    @property
    def precision_slope(self) -> Floats:
        """How far the weight of each row moves the mean of the average precisions."""
        if self.options.averaging != "weighted":
            return self._precision_slope
        values = self._precisions
        gap = values[self.truth] - float(self._average @ values)
        found: Floats = self._precision_slope + gap / self._of_class.sum()
        return found

    def mean_calibration_loss(self, reason: str) -> Metric:
        """The calibration loss of the classes that have rows, averaged.

        Each class has groups of equal size by its own probability. The interval resamples random
        blocks of rows, in which all classes stay together (Kott 2001, The delete-a-group jackknife,
        Journal of Official Statistics 17, with a bootstrap of the groups in place of a jackknife).

        Args:
            reason: why the numbers are no probabilities; empty if they are.
        """
        if reason or not self._here.any():
            return absent("mcalibrationLoss", reason or "there are no rows")
        value = float(self._average @ self.calibration_loss)
        many = self.calibration_losses()
        if not len(many):
            return metric("mcalibrationLoss", value, "too few rows for an interval")
        found = limits(many, value, value, self.options.confidence, floor=0.0, ceil=1.0)
        return metric("mcalibrationLoss", value, found)

    def calibration_losses(self) -> Floats:
        """Mean calibration losses of resamples; none where there are too few rows.

        Rows that are the same are resampled in the same way.
        """
        blocks = len(self._gaps[0])
        if blocks < 2:
            return np.empty(0)
        rng = np.random.default_rng(self.options.seed)
        draws = rng.multinomial(blocks, np.full(blocks, 1 / blocks), self.options.resamples)
        times = draws.astype(np.float64)
        total = np.bincount(self._block, self._weight, blocks)
        found: Floats = sum(
            part * abs(times @ gaps).sum(axis=1)
            for part, gaps in zip(self._average, self._gaps, strict=True)
        ) / (times @ total)
        return found


def hand_till(ranks: Ints, likely: Floats) -> Metric:
    """Hand and Till's AUC, as above, of rows that are of each class with a weight.

    A pair of rows counts with the product of their weights, a row with itself by half.

    Args:
        ranks: of each row, the place of its probability of each class among those of all rows, from
            0 up; the same for the same probability.
        likely: of each row, its weight as one of each class.
    """
    of_class = likely.sum(axis=0)
    here = np.flatnonzero(of_class > 0)
    if len(here) < 2:
        return absent("mrocAUC", "all rows are of one class" if len(here) else "there are no rows")
    parts = likely[:, here] / of_class[here]
    all_parts = parts.sum(axis=1)
    total = 0.0
    for part, rank in zip(parts.T, ranks[:, here].T, strict=True):
        inside = np.bincount(rank, part)
        below = np.cumsum(others := np.bincount(rank, all_parts - part)) - others / 2
        total += float(inside @ below)
    return metric("mrocAUC", min(total / (len(here) * (len(here) - 1)), 1.0))


def _blocks(rows: int, seed: int) -> Ints:
    """A random block for each row; each row is its own if they are few."""
    blocks = np.arange(rows) % BLOCKS
    if rows > BLOCKS:
        np.random.default_rng(seed).shuffle(blocks)
    return blocks
