"""Two models of several classes on the same rows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cached_property

import numpy as np

from modelyard.analysis.arrays import Bools, Floats, share
from modelyard.analysis.losses import multiclass_losses
from modelyard.analysis.multiclass import AREAS, LABELS_ONLY, Multiclass
from modelyard.analysis.paired.areas import influence_estimate
from modelyard.analysis.paired.blocks import Blocks, bootstrapped
from modelyard.analysis.paired.estimates import Estimate, judged, normal_estimate, told
from modelyard.analysis.paired.means import mean_estimate
from modelyard.analysis.paired.shares import decisions, right_rows
from modelyard.analysis.paired.types import Paired

TOLD = ("mrocAUC", "accuracy", "f1")
TOLD_OF_LABELS = ("accuracy", "f1", "recall")
"""The metrics that sentences tell, the first one foremost."""
OF_LABELS = ("accuracy", "hammingLoss", "mcc", "kappa", "precision", "recall", "f1")
CODES = (*OF_LABELS, "logLoss", *AREAS)


class MulticlassSide:
    """What a model of several classes did with each row.

    Args:
        rows: truth, predictions and probabilities; truth and weights are those of the other side.
        blocks: those that both sides are resampled in.
    """

    def __init__(self, rows: Multiclass, blocks: Blocks) -> None:
        self.rows = rows
        self.blocks = blocks

    @cached_property
    def right(self) -> Bools:
        """Whether each row is predicted as it is."""
        found: Bools = self.rows.predicted == self.rows.truth
        return found

    @cached_property
    def _counts(self) -> tuple[Floats, Floats, Floats]:
        """Weights of right rows, rows and predictions by class; lines as of `Blocks.sums`."""
        rows, count = self.rows, len(self.rows.classes)
        weights = np.ones(len(rows.truth)) if rows.weights is None else rows.weights
        right = self.blocks.sums(weights * self.right, rows.truth, count)
        actual = self.blocks.sums(rows.weights, rows.truth, count)
        return right, actual, self.blocks.sums(rows.weights, rows.predicted, count)

    def resampled(self, code: str) -> Floats:
        """A metric of labels, of the rows as they are and of each resample."""
        right, actual, predicted = self._counts
        total = actual.sum(axis=1)
        hits = right.sum(axis=1)
        if code == "kappa":
            chance = share((actual * predicted).sum(axis=1), total**2)
            return 1 - share(1 - share(hits, total), 1 - chance)
        if code == "mcc":
            of_predicted = total**2 - (predicted**2).sum(axis=1)
            of_actual = total**2 - (actual**2).sum(axis=1)
            root = np.sqrt(np.maximum(of_predicted, 0) * np.maximum(of_actual, 0))
            return share(hits * total - (actual * predicted).sum(axis=1), root)
        averaging = self.rows.options.averaging
        below = {"precision": predicted, "recall": actual, "f1": (actual + predicted) / 2}[code]
        # A class that is never predicted has precision 0, as in `averages.averaged`.
        values = np.nan_to_num(share(right, below))
        parts = actual if averaging == "weighted" else (actual > 0).astype(float)
        return share((parts * values).sum(axis=1), parts.sum(axis=1))


def paired_multiclass(
    base: MulticlassSide,
    challenger: MulticlassSide,
    confidence: float,
    left_out: Mapping[str, str] | None = None,
) -> Paired:
    """The challenger's metrics minus the base's; arguments as of `paired_binary`."""
    rows, without = len(base.rows.truth), left_out or {}
    found = {
        code: without.get(code) or multiclass_estimate(code, base, challenger, confidence)
        for code in CODES
    }
    sentences = TOLD_OF_LABELS if isinstance(found["mrocAUC"], str) else TOLD
    differences = [told(code, each, rows, confidence) for code, each in found.items()]
    return Paired(
        rows=rows,
        confidence=confidence,
        told=sentences,
        decisions=decisions(
            base.right,
            challenger.right,
            differ=int(np.count_nonzero(base.rows.predicted != challenger.rows.predicted)),
            weighted=base.rows.weights is not None,
        ),
        differences=judged(differences, sentences, confidence),
    )


def multiclass_estimate(
    code: str, base: MulticlassSide, challenger: MulticlassSide, confidence: float
) -> Estimate | str:
    """The challenger's metric minus the base's, or why there is none."""
    weights = base.rows.weights
    if not len(base.rows.truth):
        return "there are no rows"
    if code in ("accuracy", "hammingLoss"):
        sign = 1 if code == "accuracy" else -1
        return right_rows(base.right, challenger.right, weights, None, confidence, sign=sign)
    if code in OF_LABELS:
        before, after = base.resampled(code), challenger.resampled(code)
        if math.isnan(before[0] + after[0]):
            return "truth or prediction is the same for all rows"
        return bootstrapped(before, after, confidence)
    if code == "logLoss":
        one, other = (multiclass_losses(each.rows, code) for each in (base, challenger))
        if isinstance(one, str):
            return one
        if isinstance(other, str):
            return other
        return mean_estimate(one, other, weights, confidence)
    return _of_areas(code, base, challenger, confidence)


def _of_areas(
    code: str, base: MulticlassSide, challenger: MulticlassSide, confidence: float
) -> Estimate | str:
    """Hand and Till's AUC by DeLong's variance, which see; the others as two classes have them."""
    before, after = base.rows.against_others, challenger.rows.against_others
    if before is None or after is None:
        return LABELS_ONLY
    one, other = base.rows.metric(code), challenger.rows.metric(code)
    if one.value is None or other.value is None:
        return one.reason or other.reason or LABELS_ONLY
    gap = other.value - one.value
    if code == "mcalibrationLoss":
        draws = np.append(one.value, before.calibration_losses())
        others = np.append(other.value, after.calibration_losses())
        return bootstrapped(draws, others, confidence)
    if code == "mrocAUC":
        variance = before.variance_of(after.placed - before.placed)
        if math.isnan(variance):
            return "a test takes two rows of each class"
        return normal_estimate(gap, variance, confidence, "delong")
    slopes = before.precision_slope, after.precision_slope
    return influence_estimate(gap, *slopes, base.rows.weights, confidence)
