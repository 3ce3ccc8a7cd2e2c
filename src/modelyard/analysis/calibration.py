"""Do probabilities come true: calibration, log loss, Brier score, densities."""

from __future__ import annotations

import math

import numpy as np

from modelyard.analysis.arrays import (
    Floats,
    Ints,
    absent,
    between,
    each,
    gaps,
    metric,
    plain,
    share,
)
from modelyard.analysis.intake import BinaryRows
from modelyard.analysis.intervals import effective, of_mean, wilson
from modelyard.analysis.ranking import Ranking
from modelyard.analysis.resampling import Resamples, limits
from modelyard.analysis.types import BinaryOptions, CalibrationCurve, Densities, Metric

SMALLEST = float(np.finfo(np.float64).eps)
"""Probabilities nearer to 0 or 1 count as this near in the log loss, as in scikit-learn."""
BINS = 1024
"""Cells that scores are counted in before they are smoothed."""
POINTS = 201
WIDEST = 1e100
"""Scores beyond this have no density that could be shown."""


def not_probabilities(rows: BinaryRows) -> str:
    """Why scores are no probabilities; empty if they are."""
    if not len(rows.score):
        return "there are no rows"
    outside = rows.kept.intake.no_probabilities
    return f"{outside} of {len(rows.score)} scores lie outside of 0 to 1" if outside else ""


def log_loss(rows: BinaryRows, confidence: float) -> Metric:
    """Mean of minus the logarithm of the probability of what came true.

    Good (1952), Rational decisions, Journal of the Royal Statistical Society B 14.
    """
    if reason := not_probabilities(rows):
        return absent("logLoss", reason)
    likely = abs(rows.score - ~rows.truth)  # the score, or 1 less the score
    return _mean("logLoss", surprise(likely), rows.weights, confidence)


def surprise(likely: Floats) -> Floats:
    """Minus the logarithm of the probability of what came true."""
    losses: Floats = np.clip(likely, SMALLEST, 1 - SMALLEST)
    np.log(losses, out=losses)
    return np.negative(losses, out=losses)


def brier_score(rows: BinaryRows, confidence: float) -> Metric:
    """Mean squared gap between probability and what came true (Brier 1950, in its half form)."""
    if reason := not_probabilities(rows):
        return absent("brierScore", reason)
    gap = rows.score - rows.truth
    gap *= gap
    return _mean("brierScore", gap, rows.weights, confidence)


def _mean(code: str, losses: Floats, weights: Floats | None, confidence: float) -> Metric:
    value, (low, high, method) = of_mean(losses, weights, confidence)
    return metric(code, value, (max(low, 0.0), high, method))


def calibration_curve(
    ranking: Ranking, options: BinaryOptions, draws: Resamples | None, reason: str = ""
) -> CalibrationCurve:
    """Observed rate by mean probability in groups, and the calibration loss.

    The loss is the gap between curve and diagonal, averaged over the groups by weight: the expected
    calibration error of Naeini, Cooper and Hauskrecht (2015), AAAI. Its interval is bootstrapped
    around its own bias (`limits`).

    Args:
        ranking: the sorted scores.
        options: how many groups, of which kind.
        draws: resamples; none: no interval of the loss.
        reason: why the scores are no probabilities, if they are not.
    """
    if reason or not len(ranking.scores):
        missing = absent("calibrationLoss", reason or "there are no rows")
        return CalibrationCurve(loss=missing, predicted=(), observed=(), low=(), high=(), weight=())
    ends = group_ends(ranking, options)
    weight, true = each(ranking.reached[ends]), each(ranking.true[ends])
    predicted = np.clip(between(ranking.expected_here, ends) / weight, 0, 1)
    observed = np.clip(true / weight, 0, 1)
    squares = each(ranking.true_squares[ends] + ranking.false_squares[ends])
    low, high = wilson(observed, effective(weight, squares), options.confidence)
    loss = float(np.average(abs(predicted - observed), weights=weight))
    up = slice(None, None, -1)
    return CalibrationCurve(
        loss=_with_interval(loss, ends, draws, options.confidence),
        predicted=plain(predicted[up]),
        observed=plain(observed[up]),
        low=gaps(low[up]),
        high=gaps(high[up]),
        weight=plain(weight[up]),
    )


def group_ends(ranking: Ranking, options: BinaryOptions) -> Ints:
    """Which distinct score is the last of each group, from the top."""
    groups = options.calibration_groups
    if options.calibration_by == "size":
        weight = ranking.reached
        parts = ranking.weight * np.arange(1, groups + 1) / groups
        found = np.searchsorted(weight, parts * (1 - 1e-12))
        return np.unique(np.minimum(found, len(weight) - 1))
    inner = np.linspace(0, 1, groups + 1)[1:-1]
    # As in scikit-learn, a score on an edge belongs to the bin below it.
    rising = ranking.scores[::-1]
    above = len(rising) - np.searchsorted(rising, inner[::-1], side="right")
    ends = np.unique(np.append(above, len(rising))) - 1
    return ends[ends >= 0]


def _with_interval(loss: float, ends: Ints, draws: Resamples | None, confidence: float) -> Metric:
    if draws is None:
        return metric("calibrationLoss", loss, "all rows are of one class")
    group = np.minimum(np.searchsorted(ends, draws.ends), len(ends) - 1)
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    many = _losses(draws.true_draws, draws.false_draws, draws.scores, starts)
    of_cells = _losses(draws.true[None], draws.false[None], draws.scores, starts)
    found = limits(many, float(of_cells[0]), loss, confidence, floor=0.0, ceil=1.0)
    return metric("calibrationLoss", loss, found)


def _losses(true: Floats, false: Floats, scores: Floats, starts: Ints) -> Floats:
    """The loss of each resample; the groups begin at `starts` among the cells."""
    gap = np.add.reduceat(true - (true + false) * scores, starts, axis=1)
    return share(abs(gap).sum(axis=1), (true + false).sum(axis=1))


def densities(ranking: Ranking) -> Densities:
    """Smoothed densities of scores by class, and their medians.

    Gaussian kernels of Silverman's width (1986, Density Estimation, section 3.4.2) over scores that
    were counted in narrow bins; what would fall outside of the range is reflected at its ends, so
    that each density integrates to one.
    """
    scores = ranking.scores
    if not len(scores) or scores[0] > WIDEST or scores[-1] < -WIDEST:
        return Densities(score=(), positive=(), negative=())
    low, high = min(0.0, float(scores[-1])), max(1.0, float(scores[0]))
    points, edges = np.linspace(low, high, POINTS), np.linspace(low, high, BINS + 1)
    above = len(scores) - np.searchsorted(scores[::-1], edges[:-1], side="left")
    (positive, positive_median), (negative, negative_median) = (
        (
            density(each(cumulated[above[::-1] - 1] * (above[::-1] > 0))[::-1], edges, points),
            _median(scores, cumulated),
        )
        for cumulated in (ranking.true, ranking.false)
    )
    return Densities(
        score=plain(points),
        positive=gaps(positive),
        negative=gaps(negative),
        positive_median=positive_median,
        negative_median=negative_median,
    )


def _median(scores: Floats, cumulated: Floats) -> float | None:
    total = cumulated[-1]
    return float(scores[np.searchsorted(cumulated, total / 2)]) if total > 0 else None


def density(counts: Floats, edges: Floats, points: Floats) -> Floats:
    """The smoothed density at points, of rows counted between edges; NaN if there are none."""
    low, high, total = float(edges[0]), float(edges[-1]), float(counts.sum())
    if not total:
        return np.full(len(points), np.nan)
    middles = (edges[1:] + edges[:-1]) / 2
    width = max(_bandwidth(middles, counts, total), (high - low) / POINTS)
    mirrored = np.concatenate([middles, 2 * low - middles, 2 * high - middles])
    # Further away kernels are zero.
    near = np.flatnonzero((mirrored > low - 40 * width) & (mirrored < high + 40 * width))
    heights = points[:, None] - mirrored[near]
    heights /= width
    heights *= heights
    heights /= -2
    np.exp(heights, out=heights)
    density: Floats = heights @ np.tile(counts, 3)[near]
    return density / (total * width * math.sqrt(2 * math.pi))


def _bandwidth(middles: Floats, counts: Floats, total: float) -> float:
    mean = float(middles @ counts) / total
    deviation = math.sqrt(float(counts @ (middles - mean) ** 2) / total)
    cumulated = np.cumsum(counts)
    lower, upper = middles[np.searchsorted(cumulated, [total / 4, 3 * total / 4])]
    quartiles = float(upper - lower) / 1.34
    spread = min(x for x in (deviation, quartiles, math.inf) if x > 0)
    return 0.0 if spread == math.inf else 0.9 * spread * total**-0.2
