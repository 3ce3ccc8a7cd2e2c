"""Rows of many kinds to try the numbers on."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pytest


@dataclass(frozen=True)
class Scored:
    truth: np.ndarray
    score: np.ndarray
    weights: np.ndarray | None


def made(name, rows=700):
    """Binary rows: smooth scores, tied ones, weighted ones, few rows, perfect ones, and so on."""
    rng = np.random.default_rng(7)
    score = rng.beta(2, 3, rows)
    truth = (rng.random(rows) < score).astype(int)
    match name:
        case "smooth":
            return Scored(truth, score, None)
        case "ties":
            return Scored(truth, score.round(1), None)
        case "weights":
            return Scored(truth, score.round(2), rng.gamma(1, 2, rows))
        case "constant":
            return Scored(truth, np.full(rows, 0.25), None)
        case "perfect":
            return Scored(truth, truth * 0.8 + 0.1, None)
        case "inverted":
            return Scored(1 - (score > 0.5), score, None)
        case "rare":
            return Scored((np.arange(rows) < 3).astype(int), score, None)
        case "few":
            return Scored(np.array([1, 0, 1, 0]), np.array([0.7, 0.2, 0.4, 0.6]), None)


KINDS = ["smooth", "ties", "weights", "constant", "perfect", "inverted", "rare", "few"]


@pytest.fixture(params=KINDS)
def scored(request):
    return made(request.param)


def by_code(metrics):
    return {metric.code: metric for metric in metrics}


def jackknifed(metrics_of, weights):
    """Standard errors by the infinitesimal jackknife, without any derivative.

    Each row is weighed a little more, which tells its influence.
    """
    whole = by_code(metrics_of(weights))
    squares = {code: 0.0 for code, metric in whole.items() if metric.value is not None}
    for row in range(len(weights)):
        nudged = weights.copy()
        nudged[row] *= 1 + 1e-4
        told = by_code(metrics_of(nudged))
        for code in squares:
            squares[code] += ((told[code].value - whole[code].value) / 1e-4) ** 2
    return {code: math.sqrt(square) for code, square in squares.items()}
