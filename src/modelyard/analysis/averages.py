"""Metrics of a confusion matrix of many classes, with intervals by the delta method."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from modelyard.analysis.arrays import Floats, Interval, absent, metric, share
from modelyard.analysis.intervals import around, effective, of_share
from modelyard.analysis.types import Metric

NO_ROWS = "there are no rows"


@dataclass(frozen=True)
class Matrix:
    """Weights and squares of weights of rows, by true class (down) and predicted class (across)."""

    weights: Floats
    squares: Floats

    @property
    def total(self) -> float:
        """Weight of all rows."""
        return float(self.weights.sum())

    @property
    def actual(self) -> Floats:
        """Weight of the rows of each class."""
        return np.asarray(self.weights.sum(axis=1), np.float64)

    @property
    def predicted(self) -> Floats:
        """Weight of the rows that are predicted to be of each class."""
        return np.asarray(self.weights.sum(axis=0), np.float64)

    @property
    def right(self) -> Floats:
        """Weight of the rows of each class that are predicted right."""
        return np.diagonal(self.weights)

    def variance(self, slopes: Floats) -> float:
        """Of a value with these derivatives by the cells, that is the same for doubled weights."""
        return float((self.squares * slopes * slopes).sum())


def overall(matrix: Matrix, confidence: float) -> tuple[Metric, ...]:
    """Metrics that need no averaging over classes: accuracy, Hamming loss, MCC, Cohen's kappa."""
    if not matrix.total:
        return tuple(absent(code, NO_ROWS) for code in ("accuracy", "hammingLoss", "mcc", "kappa"))
    right = min(float(matrix.right.sum()) / matrix.total, 1.0)
    size = float(effective(matrix.total, matrix.squares.sum()))
    return (
        metric("accuracy", right, of_share(right, size, confidence)),
        metric("hammingLoss", 1 - right, of_share(1 - right, size, confidence)),
        _mcc(matrix, confidence),
        _kappa(matrix, confidence),
    )


def _mcc(matrix: Matrix, confidence: float) -> Metric:
    """Gorodkin (2004), Comparing two K-category assignments by a K-category correlation
    coefficient, Computational Biology and Chemistry 28.
    """  # noqa: D205
    n, actual, predicted = matrix.total, matrix.actual, matrix.predicted
    right = float(matrix.right.sum())
    of_predicted, of_actual = n * n - predicted @ predicted, n * n - actual @ actual
    if len(np.flatnonzero(actual)) < 2 or len(np.flatnonzero(predicted)) < 2:
        return absent("mcc", "truth or prediction is the same for all rows")
    root = math.sqrt(of_predicted * of_actual)
    value = (right * n - float(actual @ predicted)) / root
    slopes = np.diag(np.full(len(actual), n)) + right - predicted[:, None] - actual[None, :]
    slopes = slopes / root - value * (
        (n - predicted)[None, :] / of_predicted + (n - actual)[:, None] / of_actual
    )
    return metric(
        "mcc", value, around(value, matrix.variance(slopes), confidence, within=(-1.0, 1.0))
    )


def _kappa(matrix: Matrix, confidence: float) -> Metric:
    """Cohen (1960), Educational and Psychological Measurement 20; the variance is that of Fleiss,
    Cohen and Everitt (1969), Psychological Bulletin 72.
    """  # noqa: D205
    n, actual, predicted = matrix.total, matrix.actual, matrix.predicted
    right = float(matrix.right.sum()) / n
    chance = float(actual @ predicted) / n**2
    if chance >= 1 - 1e-15:
        return absent("kappa", "truth and prediction are the same for all rows")
    value = 1 - (1 - right) / (1 - chance)
    of_right = (np.eye(len(actual)) - right) / n
    of_chance = (predicted[:, None] + actual[None, :]) / n**2 - 2 * chance / n
    slopes = (of_right * (1 - chance) - (1 - right) * of_chance) / (1 - chance) ** 2
    return metric(
        "kappa", value, around(value, matrix.variance(slopes), confidence, within=(-1.0, 1.0))
    )


@dataclass(frozen=True)
class ClassValues:
    """A metric of each class, and its derivatives: by right rows, rows of it, rows predicted it."""

    values: Floats
    by_right: Floats
    by_actual: Floats
    by_predicted: Floats


def class_values(matrix: Matrix, code: str) -> ClassValues:
    """Precision, recall or F1 of each class; NaN where it has no rows to be computed of.

    Precision c / s, recall c / r and F1 2c / (r + s), with c right rows, r rows of the class and s
    rows predicted to be of it.
    """
    right, actual, predicted = matrix.right, matrix.actual, matrix.predicted
    none = np.zeros(len(right))
    if code == "f1":
        both = actual + predicted
        values = share(2 * right, both)
        return ClassValues(values, share(2, both), share(values, both), share(values, both))
    below = actual if code == "recall" else predicted
    values = share(right, below)
    slope = share(values, below)
    if code == "recall":
        return ClassValues(values, share(1, below), slope, none)
    return ClassValues(values, share(1, below), none, slope)


def averaged(matrix: Matrix, code: str, averaging: str, confidence: float) -> Metric:
    """Precision, recall or F1, averaged over the classes that have rows.

    A class that is never predicted has precision 0 in averages, as in scikit-learn; so rows of it
    are not left out of sight. Micro averages of them are the accuracy.

    Args:
        matrix: the confusion.
        code: precision, recall or f1.
        averaging: macro, weighted or micro.
        confidence: level of the interval.
    """
    if not matrix.total:
        return absent(code, NO_ROWS)
    if averaging == "micro":
        return overall(matrix, confidence)[0].model_copy(update={"code": code})
    here = matrix.actual > 0
    found = class_values(matrix, code)
    values = np.nan_to_num(found.values)
    parts = matrix.actual / matrix.total if averaging == "weighted" else here / here.sum()
    value = min(float(parts @ values), 1.0)  # the parts of many classes may add up to more
    slopes = np.diag(parts * np.nan_to_num(found.by_right))
    slopes -= (parts * np.nan_to_num(found.by_actual))[:, None]
    slopes -= (parts * np.nan_to_num(found.by_predicted))[None, :]
    if averaging == "weighted":
        slopes += ((values - value) / matrix.total)[:, None]
    return metric(code, value, _limits(matrix, value, slopes, confidence))


def _limits(matrix: Matrix, value: float, slopes: Floats, confidence: float) -> Interval:
    return around(value, matrix.variance(slopes), confidence, within=(0.0, 1.0))
