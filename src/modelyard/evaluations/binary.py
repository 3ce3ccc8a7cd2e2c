"""The numbers of a binary classification."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import cached_property

import numpy as np

from modelyard.analysis.arrays import Floats, absent
from modelyard.analysis.binary import Binary
from modelyard.analysis.group_types import Slices
from modelyard.analysis.grouping import Grouping
from modelyard.analysis.intake import summing_to_one
from modelyard.analysis.slices import binary_slices
from modelyard.analysis.types import BinaryOptions, Intake, Metric
from modelyard.evaluations.figures import LABELS_ONLY, Content, Threshold
from modelyard.evaluations.scored import Scored
from modelyard.evaluations.types import View

BETWEEN_LABELS = 0.5
"""Scores are 1 for the positive label and else 0 where a model gives labels only."""
OF_SCORES: dict[str, Callable[[Binary, float], Content]] = {
    "decision": lambda found, _: found.decision_chart(),
    "roc": Binary.roc_curve,
    "precision-recall": lambda found, _: found.precision_recall_curve(),
    "gain": Binary.gain_curve,
    "lift": lambda found, _: found.lift_bins(),
    "calibration": lambda found, _: found.calibration_curve(),
    "density": lambda found, _: found.densities(),
}
"""The screens that scores allow; charts say what the threshold leads to on some of them."""


class BinaryFigures:
    """Metrics at the threshold and free of it, and the screens that scores allow.

    Args:
        view: how the rows are looked at.
        scored: the rows.
        threshold: from which the positive class is predicted, or what it is to be best for.
    """

    def __init__(self, view: View, scored: Scored, threshold: Threshold) -> None:
        self.binary = look(view, scored)
        self._probabilities = scored.probabilities
        self.threshold = threshold if scored.probabilities is not None else Threshold()
        if threshold.optimise is not None:
            best = self.binary.best(threshold.optimise)
            if best.threshold is not None:
                self.threshold = Threshold(best.threshold, "optimised")

    @cached_property
    def intake(self) -> Intake:
        """Which rows were used."""
        found, rows = self.binary.intake, self._probabilities
        if rows is None:
            return found
        used = self.binary.rows.kept.mask
        odd = summing_to_one(rows if used is None else rows[used])
        return found.model_copy(update={"not_summing_to_one": odd})

    def metrics(self) -> tuple[Metric, ...]:
        """Those at the threshold, then those free of it."""
        found = self.binary.metrics(self._cut)
        if self.threshold.value is not None:
            return found
        at = self.binary.at(self._cut).metrics
        return (*at, *(absent(each.code, LABELS_ONLY) for each in found[len(at) :]))

    def screens(self, names: Collection[str] | None = None) -> dict[str, Content]:
        """The confusion matrix; with scores all others, too."""
        made: dict[str, Content] = {}
        if names is None or "confusion" in names:
            made["confusion"] = self.binary.at(self._cut)
        if self.threshold.value is not None:
            wanted = (name for name in OF_SCORES if names is None or name in names)
            made |= {name: OF_SCORES[name](self.binary, self._cut) for name in wanted}
        return made

    def slices(self, column: str, grouping: Grouping, code: str | None = None) -> Slices:
        """Metrics of each group, at the threshold of all."""
        return binary_slices(column, grouping, self.binary, self._cut, code=code)

    @property
    def _cut(self) -> float:
        value = self.threshold.value
        return BETWEEN_LABELS if value is None else value


def look(view: View, scored: Scored) -> Binary:
    """The rows with the positive class's scores.

    A model that gives labels only scores 1 where it predicts the positive class, else 0.
    """
    truth, predicted = scored.truth, scored.predicted
    at = [str(label) for label in view.classes].index(str(view.positive))
    if scored.probabilities is not None:
        score: Floats = scored.probabilities[:, at]
    else:
        score = np.where(predicted < 0, np.nan, (predicted == at).astype(float))
    options = BinaryOptions(
        confidence=view.confidence, gains=view.gains, lift_share=view.lift_share
    )
    positive = np.where(truth < 0, -1, truth == at)
    return Binary(positive, score, scored.weights, options=options)
