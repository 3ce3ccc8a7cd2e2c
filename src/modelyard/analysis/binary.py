"""Everything that is told of a binary model's scores, from one sort of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy.typing as npt

from modelyard.analysis import calibration, curves, thresholds
from modelyard.analysis.areas import average_precision, roc_auc
from modelyard.analysis.arrays import Floats, Ints
from modelyard.analysis.intake import BinaryRows, binary_rows
from modelyard.analysis.ranking import Ranking, ranked
from modelyard.analysis.resampling import Resamples, resampled
from modelyard.analysis.types import (
    AtThreshold,
    BestThreshold,
    BinaryOptions,
    CalibrationCurve,
    DecisionChart,
    Densities,
    GainCurve,
    Intake,
    LiftBins,
    Metric,
    PrecisionRecallCurve,
    RocCurve,
)


class Binary:
    """Truth and scores of a binary model.

    Args:
        truth: 1 or True for the positive class, 0 for the other, -1 where it is missing.
        score: probability (or any score) of the positive class; NaN where it is missing.
        weights: of each row; none: all are 1.
        options: how they are looked at.
    """

    def __init__(
        self,
        truth: npt.ArrayLike,
        score: npt.ArrayLike,
        weights: npt.ArrayLike | None = None,
        *,
        options: BinaryOptions | None = None,
    ) -> None:
        self.options = options or BinaryOptions()
        self.rows: BinaryRows = binary_rows(truth, score, weights)

    @cached_property
    def ranking(self) -> Ranking:
        """The rows by falling score."""
        return ranked(self.rows.truth, self.rows.score, self.rows.weights)

    def part(self, rows: Ints) -> Binary:
        """Some of the rows that are used; resampled less finely."""
        weights = None if self.rows.weights is None else self.rows.weights[rows]
        options = self.options
        fewer = {"cells": min(options.cells, 64), "resamples": min(options.resamples, 200)}
        return Binary(
            self.rows.truth[rows],
            self.rows.score[rows],
            weights,
            options=self.options.model_copy(update=fewer),
        )

    @property
    def intake(self) -> Intake:
        """Which rows were used."""
        return self.rows.kept.intake

    @cached_property
    def _draws(self) -> Resamples | None:
        if self.ranking.reason:
            return None
        options = self.options
        return resampled(self.ranking, options.resamples, options.seed, options.cells)

    def at(self, threshold: float) -> AtThreshold:
        """Confusion and metrics that depend on the threshold."""
        options = self.options
        return thresholds.at_threshold(self.ranking, threshold, options.gains, options.confidence)

    def best(self, code: str) -> BestThreshold:
        """The threshold that is best for a metric: a code of `thresholds.GREATER_IS_BETTER`."""
        return thresholds.best_threshold(self.ranking, code, self.options.gains)

    def metrics(self, threshold: float) -> tuple[Metric, ...]:
        """All metrics, those that depend on the threshold first."""
        return (*self.at(threshold).metrics, *self.free_metrics)

    @cached_property
    def free_metrics(self) -> tuple[Metric, ...]:
        """The metrics that depend on no threshold."""
        return tuple(compute(self) for compute in FREE.values())

    def metric(self, code: str, threshold: float) -> Metric:
        """One of the metrics, without the work for the others."""
        if code in FREE:
            return FREE[code](self)
        return next(each for each in self.at(threshold).metrics if each.code == code)

    @cached_property
    def _auc(self) -> Metric:
        return roc_auc(self.ranking, self.options.confidence)

    @cached_property
    def _average_precision(self) -> Metric:
        return average_precision(self.ranking, self.options.confidence)

    def _log_loss(self) -> Metric:
        return calibration.log_loss(self.rows, self.options.confidence)

    def _brier_score(self) -> Metric:
        return calibration.brier_score(self.rows, self.options.confidence)

    @cached_property
    def _lift(self) -> Metric:
        options = self.options
        return curves.lift(self.ranking, options.lift_share, options.confidence, self._draws)

    def decision_chart(self, at: Floats | None = None) -> DecisionChart:
        """Cells and metrics with their limits at many thresholds."""
        options = self.options
        return thresholds.decision_chart(self.ranking, options.gains, options.confidence, at)

    def roc_curve(self, threshold: float | None = None) -> RocCurve:
        """The ROC curve with its band and area, and the point that a threshold leads to."""
        return curves.roc_curve(
            self.ranking, self._auc, self.options.confidence, self._draws, threshold
        )

    def precision_recall_curve(self) -> PrecisionRecallCurve:
        """Precision by recall, and the average precision."""
        return curves.precision_recall_curve(
            self.ranking, self._average_precision, self.options.confidence, self._draws
        )

    def gain_curve(self, threshold: float | None = None) -> GainCurve:
        """Cumulative gain, the wizard's, the lift, and the point that a threshold leads to."""
        share, confidence = self.options.lift_share, self.options.confidence
        return curves.gain_curve(
            self.ranking, self._lift, share, confidence, self._draws, threshold
        )

    def lift_bins(self) -> LiftBins:
        """Lift by deciles of falling score."""
        return curves.lift_bins(self.ranking, self.options.confidence)

    def calibration_curve(self) -> CalibrationCurve:
        """Observed by predicted rate, and the calibration loss."""
        reason = calibration.not_probabilities(self.rows)
        return calibration.calibration_curve(self.ranking, self.options, self._draws, reason)

    def densities(self) -> Densities:
        """Densities of scores by class."""
        return calibration.densities(self.ranking)


FREE: dict[str, Callable[[Binary], Metric]] = {
    "auc": lambda found: found._auc,
    "averagePrecision": lambda found: found._average_precision,
    "logLoss": Binary._log_loss,
    "brierScore": Binary._brier_score,
    "calibrationLoss": lambda found: found.calibration_curve().loss,
    "lift": lambda found: found._lift,
}
"""The metrics that depend on no threshold, by code."""
