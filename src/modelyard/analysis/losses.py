"""What each row loses; the mean over the rows is the metric of the same code."""

from __future__ import annotations

import numpy as np

from modelyard.analysis.arrays import Floats
from modelyard.analysis.binary import Binary
from modelyard.analysis.calibration import not_probabilities, surprise
from modelyard.analysis.multiclass import LABELS_ONLY, Multiclass
from modelyard.analysis.regression import Regression

Losses = Floats | str
"""A loss per row that is used, or why there is none."""


def binary_losses(rows: Binary, code: str, threshold: float) -> Losses:
    """Losses of a binary model: `logLoss`, `brierScore` or `hammingLoss`, which is being wrong.

    Args:
        rows: truth and scores.
        code: of the metric.
        threshold: from which the positive class is predicted.
    """
    truth, score = rows.rows.truth, rows.rows.score
    if code == "hammingLoss":
        wrong: Floats = (truth != (score >= threshold)).astype(float)
        return wrong
    if reason := not_probabilities(rows.rows):
        return reason
    if code == "brierScore":
        gap: Floats = score - truth
        return gap * gap
    return surprise(np.where(truth, score, 1 - score))


def multiclass_losses(rows: Multiclass, code: str) -> Losses:
    """Losses of a model of several classes: `logLoss` or `hammingLoss`, which is being wrong."""
    if code == "hammingLoss":
        wrong: Floats = (rows.truth != rows.predicted).astype(float)
        return wrong
    if rows.probabilities is None:
        return LABELS_ONLY
    return rows.no_probabilities or surprise(rows.of_truth)


def regression_losses(rows: Regression, code: str) -> Losses:
    """Losses of a regression: `mae`, the absolute errors, or `mse`, their squares."""
    return abs(rows.error) if code == "mae" else rows.error * rows.error


def expected_surprise(probabilities: Floats) -> Floats:
    """What rows lose on average if their probabilities come true: Shannon's entropy, in nats.

    Args:
        probabilities: a column per class.
    """
    losses = surprise(probabilities)
    losses *= probabilities
    expected: Floats = losses.sum(axis=1)
    return expected
