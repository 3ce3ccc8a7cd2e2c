"""Everything that is told of a model with several classes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt

from modelyard.analysis import curves
from modelyard.analysis.areas import average_precision, roc_auc
from modelyard.analysis.arrays import Bools, Floats, Ints, absent, gaps, metric, plain
from modelyard.analysis.averages import Matrix, averaged, class_values, overall
from modelyard.analysis.binary import Binary
from modelyard.analysis.calibration import surprise
from modelyard.analysis.intake import as_codes, keep, summing_to_one
from modelyard.analysis.intervals import effective, of_mean, wilson
from modelyard.analysis.multiclass_types import (
    Averages,
    ConfusionMatrix,
    Label,
    MeanCurve,
    MulticlassOptions,
    PerClass,
)
from modelyard.analysis.one_vs_rest import OneVsRest
from modelyard.analysis.types import BinaryOptions, Intake, Metric

LABELS_ONLY = "what is predicted are labels without probabilities"
AREAS = ("mrocAUC", "averagePrecision", "mcalibrationLoss")
"""The metrics that take each class's probability against the others, by code."""
GRID = np.linspace(0, 1, 201)
"""False positive rates, or recalls, at which curves of all classes are averaged."""


class Multiclass:
    """Truth, predictions and probabilities of a model with several classes.

    Args:
        truth: position of each row's class; -1 where it is missing.
        classes: labels, in the order of the probabilities.
        probabilities: a column for each class, NaN where they are missing; none: labels only.
        predicted: position of the predicted class, -1 where it is missing; none: the likeliest.
        weights: of each row; none: all are 1.
        options: how they are looked at.
    """

    def __init__(
        self,
        truth: npt.ArrayLike,
        classes: Sequence[Label],
        *,
        probabilities: npt.ArrayLike | None = None,
        predicted: npt.ArrayLike | None = None,
        weights: npt.ArrayLike | None = None,
        options: MulticlassOptions | None = None,
    ) -> None:
        self.options = options or MulticlassOptions()
        self.classes = tuple(classes)
        codes = as_codes(truth)
        known: Bools = np.ones(len(codes), bool)
        matrix = None
        if probabilities is not None:
            matrix = np.asarray(probabilities, np.float64).reshape(len(codes), len(self.classes))
            known &= ~np.isnan(matrix).any(axis=1)
        if predicted is None and matrix is None:
            raise TypeError("give predicted classes or probabilities")
        answers = None if predicted is None else as_codes(predicted)
        if answers is not None:
            known &= answers >= 0
        kept = keep(codes >= 0, known, weights)
        if kept.mask is not None:
            codes = codes[kept.mask]
            matrix = None if matrix is None else matrix[kept.mask]
            answers = None if answers is None else answers[kept.mask]
        self.truth: Ints = codes
        self.probabilities: Floats | None = matrix
        self.predicted: Ints = _likeliest(matrix) if answers is None else answers
        self.weights = kept.weights
        self.kept = kept

    def part(self, rows: Ints) -> Multiclass:
        """Some of the rows that are used."""
        return Multiclass(
            self.truth[rows],
            self.classes,
            probabilities=None if self.probabilities is None else self.probabilities[rows],
            predicted=self.predicted[rows],
            weights=None if self.weights is None else self.weights[rows],
            options=self.options,
        )

    @cached_property
    def intake(self) -> Intake:
        """Which rows were used."""
        intake = self.kept.intake
        if self.probabilities is None:
            return intake
        outside = ((self.probabilities < 0) | (self.probabilities > 1)).any(axis=1)
        return intake.model_copy(
            update={
                "no_probabilities": int(np.count_nonzero(outside)),
                "not_summing_to_one": summing_to_one(self.probabilities),
            }
        )

    @property
    def missing_classes(self) -> tuple[Label, ...]:
        """Classes that no row has; averages are over the others."""
        return tuple(
            label
            for label, weight in zip(self.classes, self.matrix.actual, strict=True)
            if not weight
        )

    @cached_property
    def matrix(self) -> Matrix:
        """The confusion, as arrays."""
        count = len(self.classes)
        cell = self.truth * count + self.predicted
        weights = np.bincount(cell, self.weights, count * count).astype(float)
        squares = weights
        if self.weights is not None:
            squares = np.bincount(cell, self.weights**2, count * count)
        return Matrix(weights.reshape(count, count), squares.reshape(count, count))

    def confusion(self) -> ConfusionMatrix:
        """Weights of rows by true and predicted class."""
        return ConfusionMatrix(
            classes=self.classes, weights=tuple(plain(row) for row in self.matrix.weights)
        )

    def metrics(self) -> tuple[Metric, ...]:
        """All metrics of MET-03, MCC and Cohen's kappa."""
        return (*self._of_labels(), self._log_loss(), *map(self._area, AREAS))

    def metric(self, code: str) -> Metric:
        """One of the metrics, without the work for the others."""
        if code == "logLoss":
            return self._log_loss()
        if code in AREAS:
            return self._area(code)
        return next(each for each in self._of_labels() if each.code == code)

    def _of_labels(self) -> tuple[Metric, ...]:
        options = self.options
        return (
            *overall(self.matrix, options.confidence),
            *(
                averaged(self.matrix, code, options.averaging, options.confidence)
                for code in ("precision", "recall", "f1")
            ),
        )

    def _log_loss(self) -> Metric:
        if self.probabilities is None or self.no_probabilities:
            return absent("logLoss", self.no_probabilities or LABELS_ONLY)
        losses = surprise(self.of_truth)
        value, (low, high, method) = of_mean(losses, self.weights, self.options.confidence)
        return metric("logLoss", value, (max(low, 0.0), high, method))

    @property
    def of_truth(self) -> Floats:
        """The probability of each row's true class; NaN without probabilities."""
        if self.probabilities is None:
            return np.full(len(self.truth), np.nan)
        found: Floats = self.probabilities[np.arange(len(self.truth)), self.truth]
        return found

    @property
    def no_probabilities(self) -> str:
        """Why the scores are no probabilities; empty if they are."""
        if not len(self.truth):
            return "there are no rows"
        outside = self.intake.no_probabilities
        return (
            f"{outside} of {len(self.truth)} rows have scores outside of 0 to 1" if outside else ""
        )

    def _area(self, code: str) -> Metric:
        found = self.against_others
        if found is None:
            return absent(code, LABELS_ONLY)
        if code == "mcalibrationLoss":
            return found.mean_calibration_loss(self.no_probabilities)
        return found.hand_till() if code == "mrocAUC" else found.mean_average_precision()

    @cached_property
    def against_others(self) -> OneVsRest | None:
        """Each class against all others; none: there are no probabilities."""
        if self.probabilities is None:
            return None
        return OneVsRest(self.truth, self.probabilities, self.weights, self.options)

    def averages(self) -> Averages:
        """Precision, recall and F1 in each way of averaging."""
        ways = ("macro", "weighted", "micro")
        found = {
            code: tuple(
                averaged(self.matrix, code, way, self.options.confidence).value for way in ways
            )
            for code in ("precision", "recall", "f1")
        }
        return Averages(
            averaging=ways, precision=found["precision"], recall=found["recall"], f1=found["f1"]
        )

    def per_class(self) -> PerClass:
        """Metrics of each class against all others."""
        matrix, confidence = self.matrix, self.options.confidence
        precision, recall, f1 = (
            class_values(matrix, code).values for code in ("precision", "recall", "f1")
        )
        predicted_size = effective(matrix.predicted, matrix.squares.sum(axis=0))
        actual_size = effective(matrix.actual, matrix.squares.sum(axis=1))
        precision_low, precision_high = wilson(precision, predicted_size, confidence)
        recall_low, recall_high = wilson(recall, actual_size, confidence)
        areas, found = [absent("auc", LABELS_ONLY)] * len(self.classes), self.against_others
        auc = areas if found is None else found.auc
        average = areas if found is None else found.average_precision
        losses: tuple[float | None, ...] = (None,) * len(self.classes)
        if found is not None and not self.no_probabilities:
            losses = gaps(found.calibration_loss)
        return PerClass(
            label=self.classes,
            weight=plain(matrix.actual),
            predicted_weight=plain(matrix.predicted),
            precision=gaps(precision),
            precision_low=gaps(precision_low),
            precision_high=gaps(precision_high),
            recall=gaps(recall),
            recall_low=gaps(recall_low),
            recall_high=gaps(recall_high),
            f1=gaps(f1),
            auc=tuple(each.value for each in auc),
            auc_low=tuple(each.low for each in auc),
            auc_high=tuple(each.high for each in auc),
            average_precision=tuple(each.value for each in average),
            average_precision_low=tuple(each.low for each in average),
            average_precision_high=tuple(each.high for each in average),
            calibration_loss=losses,
        )

    def one_vs_rest(self, position: int) -> Binary | None:
        """One class against all others, with all curves; none without probabilities."""
        if self.probabilities is None:
            return None
        options = BinaryOptions(
            confidence=self.options.confidence,
            calibration_groups=self.options.calibration_groups,
            resamples=self.options.resamples,
            seed=self.options.seed,
        )
        return Binary(
            self.truth == position, self.probabilities[:, position], self.weights, options=options
        )

    def macro_roc(self) -> MeanCurve:
        """Mean of the ROC curves of the classes that have rows."""
        return self._macro("auc")

    def macro_precision_recall(self) -> MeanCurve:
        """Mean of the precision-recall curves of the classes that have rows."""
        return self._macro("averagePrecision")

    def _macro(self, code: str) -> MeanCurve:
        heights, areas = [], []
        for position in np.flatnonzero(self.matrix.actual):
            one = self.one_vs_rest(int(position))
            if one is not None and not one.ranking.reason:
                curve, area = _resolved(one, code)
                heights.append(curve)
                areas.append(area)
        if not heights:
            reason = LABELS_ONLY if self.probabilities is None else "there are no two classes"
            return MeanCurve(area=absent(code, reason), x=(), y=())
        return MeanCurve(
            area=metric(code, float(np.mean(areas)), "an average over classes has no interval"),
            x=plain(GRID),
            y=plain(np.mean(heights, axis=0)),
        )

    def micro_roc(self) -> MeanCurve:
        """ROC curve of all pairs of a row and a class."""
        return self._micro("auc")

    def micro_precision_recall(self) -> MeanCurve:
        """Precision-recall curve of all pairs of a row and a class."""
        return self._micro("averagePrecision")

    def _micro(self, code: str) -> MeanCurve:
        if self.probabilities is None:
            return MeanCurve(area=absent(code, LABELS_ONLY), x=(), y=())
        count = len(self.classes)
        truth = (self.truth[:, None] == np.arange(count)).ravel()
        weights = None if self.weights is None else np.repeat(self.weights, count)
        pairs = Binary(truth, self.probabilities.ravel(), weights)
        if pairs.ranking.reason:
            return MeanCurve(area=absent(code, pairs.ranking.reason), x=(), y=())
        curve, area = _resolved(pairs, code)
        dependent = "a row enters once per class, so that rows are not independent"
        return MeanCurve(area=metric(code, area, dependent), x=plain(GRID), y=plain(curve))


def _resolved(one: Binary, code: str) -> tuple[Floats, float]:
    """A curve on the grid, and its area."""
    confidence = one.options.confidence
    if code == "auc":
        roc = curves.roc_curve(one.ranking, roc_auc(one.ranking, confidence), confidence, None)
        height = np.interp(GRID, roc.false_positive_rate, roc.true_positive_rate)
        return height, roc.area.value or 0.0
    area = average_precision(one.ranking, confidence)
    steps = curves.precision_recall_curve(one.ranking, area, confidence, None)
    at = np.searchsorted(steps.recall, GRID * (1 - 1e-12))
    return np.asarray(steps.precision)[at], steps.area.value or 0.0


def _likeliest(probabilities: Floats | None) -> Ints:
    """The class with the largest probability, the first of several, as scoring decides."""
    if probabilities is None or not probabilities.size:
        return np.zeros(0, np.int64)
    return as_codes(np.argmax(probabilities, axis=1))
