"""Performance of a classifier without truth: what its probabilities say once they are calibrated.

Confidence-based performance estimation: Bialek, Perrakis, Kuberski and Cerqueira (2024), Estimating
model performance under covariate shift without labels, arXiv 2401.08348, as in NannyML. A row whose
calibrated probability is p counts as a row of the class with weight p, and as one of the others
with the rest.

Limits hold what chance does to truths and to the rows that were calibrated on. A bootstrap of steps
knows too little of the latter: of simulated sides of 1,000 rows, the far one moved by 0.7 standard
deviations, limits of 95 % held 86 to 92 % of what came; of three classes, whose probabilities are
calibrated one by one, 75 to 83 % where the far side moved by 0.8.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from modelyard.analysis.arrays import Floats, Ints, metric
from modelyard.analysis.averages import Matrix, averaged, overall
from modelyard.analysis.binary import Binary
from modelyard.analysis.calibration import not_probabilities, surprise
from modelyard.analysis.drift.doubts import (
    Chance,
    Errors,
    chunks_of,
    errors_of,
    few_rows,
    with_doubts,
    without_result,
)
from modelyard.analysis.drift.types import DriftSettings, Expected
from modelyard.analysis.intervals import normal_quantile
from modelyard.analysis.multiclass import LABELS_ONLY, Multiclass
from modelyard.analysis.multiclass_types import MulticlassOptions
from modelyard.analysis.one_vs_rest import hand_till
from modelyard.analysis.resampling import resampled
from modelyard.analysis.types import BinaryOptions, Metric

CELLS = 512
"""Cells of scores that are calibrated."""
DRAWS = 50
"""Draws of truths, which tell how much chance there is in them."""
RECALIBRATED = 20
"""Draws of the calibration's rows."""
DRAWN = 2000
"""Rows that truths are drawn for; what chance there is in more rows follows from it."""
FREE = ("auc", "averagePrecision", "logLoss", "brierScore")
BOUNDS = {"mcc": (-1.0, 1.0), "kappa": (-1.0, 1.0), "logLoss": (0.0, math.inf)}
UNBOUNDED = {"costMatrixGain": (-math.inf, math.inf)}

Metrics = dict[str, Metric]
Likely = Floats
"""Of each row, the probability of each class."""


class Scored(Protocol):
    """Scores of rows, of which metrics are told as soon as somebody says what is true."""

    @property
    def scores(self) -> Floats:
        """A probability for each class."""

    def told(self, likely: Likely) -> Metrics:
        """Metrics, if each row is of each class with this weight; their intervals mean nothing."""

    def part(self, rows: Ints) -> Scored:
        """Some of the rows."""


@dataclass(frozen=True)
class BinaryScores:
    """Scores of the negative and of the positive class."""

    scores: Floats
    threshold: float
    options: BinaryOptions

    def told(self, likely: Likely) -> Metrics:
        """Metrics of rows that count as a negative and as a positive one."""
        score = self.scores[:, 1]
        truth = np.repeat([0, 1], len(score))
        rows = Binary(truth, np.tile(score, 2), likely.ravel(order="F"), options=self.options)
        found = [*rows.at(self.threshold).metrics, *(rows.metric(code, 0.5) for code in FREE)]
        return {each.code: each for each in found}

    def part(self, rows: Ints) -> BinaryScores:
        """Some of the rows."""
        return BinaryScores(self.scores[rows], self.threshold, self.options)


@dataclass(frozen=True)
class ClassScores:
    """Scores of several classes, and the class that was predicted."""

    scores: Floats
    predicted: Ints
    options: MulticlassOptions

    def told(self, likely: Likely) -> Metrics:
        """Metrics of the confusion that is to be expected, the log loss and Hand and Till's AUC."""
        count = likely.shape[1]
        weights = np.array([np.bincount(self.predicted, part, count) for part in likely.T])
        matrix, options = Matrix(weights, weights), self.options
        found = [
            *overall(matrix, options.confidence),
            *(
                averaged(matrix, code, options.averaging, options.confidence)
                for code in ("precision", "recall", "f1")
            ),
            metric("logLoss", float(np.average((surprise(self.scores) * likely).sum(axis=1)))),
            hand_till(self._ranks, likely),
        ]
        return {each.code: each for each in found}

    @cached_property
    def _ranks(self) -> Ints:
        """Places of the scores of each class."""
        ranks = [np.unique(score, return_inverse=True)[1] for score in self.scores.T]
        return np.column_stack(ranks)

    def part(self, rows: Ints) -> ClassScores:
        """Some of the rows."""
        return ClassScores(self.scores[rows], self.predicted[rows], self.options)


def expected_binary(
    reference: Binary,
    score: Floats,
    threshold: float,
    *,
    realised: Sequence[Metric] = (),
    telling: Metric | None = None,
    settings: DriftSettings | None = None,
) -> Expected:
    """Expect metrics of a binary model.

    Args:
        reference: truth and scores to calibrate on; its rows in the order in which they came.
        score: of current's rows; NaN where it is missing.
        threshold: from which the positive class is predicted.
        realised: metrics of current, where it has a truth.
        telling: AUC of the classifier that tells current from the reference.
        settings: confidence and seed.
    """
    settings = settings or DriftSettings()
    known = score[~np.isnan(score)]
    later = Binary(np.zeros(len(known)), known)
    reason = (
        _of(reference.ranking.reason, "the reference")
        or _of(not_probabilities(reference.rows), "the reference")
        or _of(not_probabilities(later.rows), "current")
    )
    if reason:
        return without_result("confidence", reason, realised)

    def scored(of: Floats) -> BinaryScores:
        return BinaryScores(np.column_stack([1 - of, of]), threshold, reference.options)

    weights = np.ones(len(reference.rows.truth))
    if reference.rows.weights is not None:
        weights = reference.rows.weights
    before = Labelled(scored(reference.rows.score), reference.rows.truth.astype(np.int64), weights)
    return _expected(before, scored(known), realised, telling, settings)


def expected_multiclass(
    reference: Multiclass,
    probabilities: Floats,
    *,
    predicted: Ints | None = None,
    realised: Sequence[Metric] = (),
    telling: Metric | None = None,
    settings: DriftSettings | None = None,
) -> Expected:
    """Expect metrics of a model with several classes; further arguments as of `expected_binary`.

    Args:
        reference: truth and probabilities to calibrate on.
        probabilities: of current's rows, a column for each class; NaN where they are missing.
        predicted: position of current's predicted classes; none: the likeliest.
        realised: metrics of current, where it has a truth.
        telling: AUC of the classifier that tells current from the reference.
        settings: confidence and seed.
    """
    settings = settings or DriftSettings()
    classes = len(reference.classes)
    matrix = probabilities.reshape(-1, classes)
    labels = np.nan_to_num(matrix).argmax(axis=1) if predicted is None else predicted
    known = ~np.isnan(matrix).any(axis=1) & (labels >= 0)
    matrix, labels = matrix[known], labels[known]
    later = Multiclass(labels, reference.classes, probabilities=matrix)
    if reference.probabilities is None:
        return without_result("confidence", LABELS_ONLY, realised)
    reason = _of(reference.no_probabilities, "the reference") or _of(
        later.no_probabilities, "current"
    )
    if not reason and len(np.unique(reference.truth)) < 2:
        reason = "the reference: all rows are of one class"
    if reason:
        return without_result("confidence", reason, realised)
    weights = np.ones(len(reference.truth)) if reference.weights is None else reference.weights
    before = Labelled(
        ClassScores(reference.probabilities, reference.predicted, reference.options),
        reference.truth,
        weights,
    )
    return _expected(
        before, ClassScores(matrix, labels, reference.options), realised, telling, settings
    )


@dataclass(frozen=True)
class Labelled:
    """Rows of the reference."""

    scored: Scored
    truth: Ints
    weights: Floats

    def realised(self, rows: Ints) -> Metrics:
        """Metrics of some of the rows."""
        certain = np.eye(self.scored.scores.shape[1])[self.truth[rows]]
        return self.scored.part(rows).told(certain * self.weights[rows, None])

    def calibration(self, rows: Ints, seed: int) -> Calibration:
        """Learn from some of the rows."""
        return calibration(self.truth[rows], self.scored.scores[rows], self.weights[rows], seed)


@dataclass(frozen=True)
class Calibration:
    """Steps from score to probability, of each class, as they are and as they are resampled."""

    steps: dict[int, tuple[Floats, Floats, Floats]]
    """By class: scores of cells, rising; probabilities of them; a row of these for each resample.

    Of two classes, the second one tells both.
    """

    def likely(self, scores: Floats, draw: int | None = None) -> Likely:
        """Probabilities of each class, which sum to one."""
        found = np.empty_like(scores)
        for at, (cells, as_is, draws) in self.steps.items():
            rates = as_is if draw is None else draws[draw]
            found[:, at] = np.interp(scores[:, at], cells, rates)
        if len(self.steps) == 1:
            found[:, 0] = 1 - found[:, 1]
            return found
        whole = found.sum(axis=1, keepdims=True)
        plain = np.maximum(scores.sum(axis=1, keepdims=True), np.finfo(float).tiny)
        return np.where(whole > 0, found / np.where(whole > 0, whole, 1), scores / plain)


def calibration(truth: Ints, scores: Floats, weights: Floats, seed: int) -> Calibration:
    """Rates that rise with the score, by class: isotonic regression over cells of scores.

    Zadrozny and Elkan (2002), Transforming classifier scores into accurate multiclass probability
    estimates, KDD.
    """
    steps = {}
    for at in range(scores.shape[1])[scores.shape[1] == 2 :]:
        one = Binary(truth == at, scores[:, at], weights)
        if one.ranking.reason:
            rate = np.full(1, float(np.mean(truth == at)))
            steps[at] = np.full(1, 0.5), rate, np.tile(rate, (RECALIBRATED, 1))
            continue
        cells = resampled(one.ranking, RECALIBRATED, seed, CELLS)
        up = slice(None, None, -1)
        as_is = _rising(cells.true[up], cells.false[up])
        draws = [
            _rising(true[up], false[up])
            for true, false in zip(cells.true_draws, cells.false_draws, strict=True)
        ]
        steps[at] = cells.scores[up], as_is, np.array(draws)
    return Calibration(steps)


def _rising(true: Floats, false: Floats) -> Floats:
    from scipy.optimize import isotonic_regression  # noqa: PLC0415  takes long to load

    weight = true + false
    some = np.flatnonzero(weight > 0)
    if not len(some):
        return np.full(len(weight), 0.5)
    rates = isotonic_regression(true[some] / weight[some], weights=weight[some]).x
    found: Floats = np.interp(np.arange(len(weight)), some, rates)
    return found


def _expected(
    before: Labelled,
    later: Scored,
    realised: Sequence[Metric],
    telling: Metric | None,
    settings: DriftSettings,
) -> Expected:
    everything = np.arange(len(before.truth))
    rng = np.random.default_rng(settings.seed)
    fitted = before.calibration(everything, settings.seed)
    likely = fitted.likely(later.scores)
    chance = _chance(later, fitted, rng)
    z, rows = normal_quantile(settings.confidence), len(later.scores)
    found = []
    for code, each in later.told(likely).items():
        if each.value is None:
            found.append(each)
            continue
        half = z * chance.of(code, rows)
        low, high = {**BOUNDS, **UNBOUNDED}.get(code, (0.0, 1.0))
        limits = max(each.value - half, low), min(each.value + half, high)
        told = metric(code, each.value, (*limits, "bootstrap"))
        found.append(told)
    least = np.bincount(before.truth).min()
    return with_doubts(
        Expected(method="confidence", metrics=tuple(found), realised=_same(realised, found)),
        _own_errors(before, _chance(before.scored, fitted, rng), settings.seed),
        telling,
        _beyond(before.scored.scores[:, 1:], later.scores[:, 1:]),
        few_rows(len(everything), rows, int(least)),
    )


def _same(realised: Sequence[Metric], found: Sequence[Metric]) -> tuple[Metric, ...]:
    codes = {each.code for each in found}
    return tuple(each for each in realised if each.code in codes)


def _chance(scored: Scored, fitted: Calibration, rng: np.random.Generator) -> Chance:
    """How far metrics may be from what is expected: by the draw of truths, by the calibration."""
    some = scored.part(rng.permutation(len(scored.scores))[:DRAWN])
    cumulated = np.cumsum(fitted.likely(some.scores), axis=1)
    rows, classes = cumulated.shape
    identity = np.eye(classes)
    draws = []
    for _ in range(DRAWS):
        drawn = (rng.random((rows, 1)) > cumulated[:, :-1]).sum(axis=1)
        draws.append(some.told(identity[drawn]))
    others = [some.told(fitted.likely(some.scores, draw)) for draw in range(RECALIBRATED)]
    by_row = {code: sd * math.sqrt(rows) for code, sd in _deviations(draws).items()}
    return Chance(by_row, _deviations(others))


def _deviations(draws: list[Metrics]) -> dict[str, float]:
    found = {}
    for code in draws[0]:
        values = [value for each in draws if (value := each[code].value) is not None]
        if len(values) * 2 > len(draws):
            found[code] = float(np.std(values, ddof=1))
    return found


def _own_errors(before: Labelled, chance: Chance, seed: int) -> Errors:
    """What was expected of each of the reference's chunks by the others, against what came."""
    gaps: list[tuple[int, dict[str, float]]] = []
    for held, others in chunks_of(len(before.truth)):
        if len(np.unique(before.truth[others])) < 2:
            continue
        part = before.scored.part(held)
        likely = before.calibration(others, seed).likely(part.scores)
        expected = part.told(likely * before.weights[held, None])
        gaps.append((len(held), _gaps(expected, before.realised(held))))
    return errors_of(gaps, chance)


def _gaps(expected: Metrics, realised: Metrics) -> dict[str, float]:
    pairs = {code: (expected[code].value, realised[code].value) for code in expected}
    return {code: b - a for code, (a, b) in pairs.items() if a is not None and b is not None}


def _beyond(before: Floats, later: Floats) -> float:
    """Share of rows with a score beyond all of the reference's."""
    outside = (later < before.min(axis=0)) | (later > before.max(axis=0))
    return float(outside.any(axis=1).mean())


def _of(reason: str, side: str) -> str:
    return f"{side}: {reason}" if reason else ""
