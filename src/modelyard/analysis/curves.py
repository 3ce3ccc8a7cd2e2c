"""The curves of a binary model: ROC, precision-recall, gain and lift, with their bands."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from modelyard.analysis.areas import found_at
from modelyard.analysis.arrays import Floats, Ints, absent, between, gaps, metric, plain, share
from modelyard.analysis.intervals import effective, wilson
from modelyard.analysis.ranking import Ranking
from modelyard.analysis.resampling import Resamples, limits
from modelyard.analysis.thinning import thinned, thinned_steps, vertices
from modelyard.analysis.types import (
    Band,
    GainCurve,
    LiftBins,
    Metric,
    PrecisionRecallCurve,
    RocCurve,
)

BAND = np.linspace(0, 1, 51)
"""Where bands are told."""


def roc_curve(
    ranking: Ranking,
    area: Metric,
    confidence: float,
    draws: Resamples | None,
    threshold: float | None = None,
) -> RocCurve:
    """The ROC curve; empty, with the reason at its area, if a class is missing.

    Fawcett (2006), An introduction to ROC analysis, Pattern Recognition Letters 27; the band is
    his vertical averaging, over resamples. The point that the threshold leads to is kept.
    """
    if ranking.reason:
        return RocCurve(area=area, threshold=(), false_positive_rate=(), true_positive_rate=())
    kept = vertices(ranking.along, also=_reached(ranking, threshold))
    x, y, which = thinned(
        kept,
        _from_none(ranking.false, kept) / ranking.negatives,
        _from_none(ranking.true, kept) / ranking.positives,
        _pairs_under(ranking, kept) / (ranking.positives * ranking.negatives),
    )
    return RocCurve(
        area=area,
        threshold=_thresholds(ranking, which),
        false_positive_rate=plain(x),
        true_positive_rate=plain(y),
        band=_band(draws, confidence, _roc_of),
    )


def precision_recall_curve(
    ranking: Ranking, area: Metric, confidence: float, draws: Resamples | None
) -> PrecisionRecallCurve:
    """Precision by recall, in steps; their area is the average precision.

    Davis and Goadrich (2006), The relationship between precision-recall and ROC curves, ICML:
    between two points precision must not be interpolated by a line.
    """
    if not ranking.positives:
        return PrecisionRecallCurve(area=area, threshold=(), recall=(), precision=())
    # Where only negatives are added there is no step.
    wide = np.flatnonzero(ranking.true_here)
    true = ranking.true[wide]
    recall = true / ranking.positives
    true /= ranking.reached[wide]
    heights, kept = thinned_steps(recall, true)
    return PrecisionRecallCurve(
        area=area,
        base_rate=ranking.positives / ranking.weight,
        threshold=plain(ranking.scores[wide[kept]]),
        recall=plain(recall[kept]),
        precision=plain(heights),
        band=_band(draws, confidence, _precision_of),
    )


def gain_curve(
    ranking: Ranking,
    found: Metric,
    at_share: float,
    confidence: float,
    draws: Resamples | None,
    threshold: float | None = None,
) -> GainCurve:
    """Positives found by share of rows targeted, and the lift at one share.

    Ling and Li (1998), Data mining for direct marketing, KDD. The wizard's curve is that of a
    ranking with all positives first. The point that the threshold leads to is kept.
    """
    if not ranking.positives:
        return GainCurve(lift=found, at_share=at_share, threshold=(), targeted=(), found=())
    length = ranking.reached / ranking.weight
    length += ranking.true / ranking.positives
    kept = vertices(length, also=_reached(ranking, threshold))
    true = _from_none(ranking.true, kept)
    # Over the negatives it rises as the ROC curve does, over the positives by itself.
    under = _pairs_under(ranking, kept) + true**2 / 2
    x, y, which = thinned(
        kept,
        _from_none(ranking.reached, kept) / ranking.weight,
        true / ranking.positives,
        under / (ranking.positives * ranking.weight),
    )
    return GainCurve(
        lift=found,
        at_share=at_share,
        threshold=_thresholds(ranking, which),
        targeted=plain(x),
        found=plain(y),
        wizard_targeted=(0.0, ranking.positives / ranking.weight, 1.0),
        wizard_found=(0.0, 1.0, 1.0),
        band=_band(draws, confidence, _gain_of),
    )


def lift(ranking: Ranking, at_share: float, confidence: float, draws: Resamples | None) -> Metric:
    """How many times more positives there are among the likeliest rows than among all."""
    if not ranking.positives:
        return absent("lift", ranking.reason)
    value = found_at(ranking, at_share) / at_share
    if draws is None:
        return metric("lift", value, "all rows are of one class")
    at = np.array([at_share])
    many = _gain_of(*draws.reached, at)[:, 0] / at_share
    true, false = (np.cumsum(cells)[None] for cells in (draws.true, draws.false))
    of_cells = float(_gain_of(true, false, at)[0, 0]) / at_share
    ceil = min(1 / at_share, ranking.weight / ranking.positives)
    return metric("lift", value, limits(many, of_cells, value, confidence, floor=0, ceil=ceil))


def lift_bins(ranking: Ranking, confidence: float, groups: int = 10) -> LiftBins:
    """Groups of equal weight by falling score; a score that two share is divided among them."""
    weight = ranking.reached
    ends = np.linspace(0, ranking.weight, groups + 1)

    # Lines between the scores at which groups end, of all those between scores.
    at = np.searchsorted(weight, ends)[:, None] + np.arange(-1, 1)
    near = np.unique(at[(at >= 0) & (at < len(weight))])

    def divided(cumulated: Floats) -> Floats:
        x, y = (np.append(0.0, some[near]) for some in (weight, cumulated))
        return np.diff(np.interp(ends, x, y))

    if not len(weight):
        return LiftBins(
            group=(), lowest_score=(), weight=(), positive_rate=(), lift=(), low=(), high=()
        )
    each = divided(weight)
    rate = np.clip(share(divided(ranking.true), each), 0, 1)
    squares = divided(ranking.true_squares) + divided(ranking.false_squares)
    base = ranking.positives / ranking.weight
    low, high = wilson(rate, effective(each, squares), confidence)
    at = np.searchsorted(weight, ends[1:] * (1 - 1e-12))
    return LiftBins(
        group=tuple(range(1, groups + 1)),
        lowest_score=plain(ranking.scores[np.minimum(at, len(weight) - 1)]),
        weight=plain(each),
        positive_rate=plain(rate),
        lift=gaps(share(rate, base)),
        low=gaps(share(low, base)),
        high=gaps(share(high, base)),
    )


def _reached(ranking: Ranking, threshold: float | None) -> int:
    """Which point of a curve a threshold leads to; the first one, where it begins, if none."""
    return 0 if threshold is None else ranking.at_least(threshold)


def _thresholds(ranking: Ranking, which: Ints) -> tuple[float | None, ...]:
    """The scores at points of a curve that begins before the first of them."""
    scores = ranking.scores[np.maximum(which - 1, 0)]
    return gaps(np.where(which > 0, scores, np.nan))


Curve = Callable[[Floats, Floats, Floats], Floats]
"""Heights of curves, one a row, of weights of positives and of negatives down to cells."""


def _band(draws: Resamples | None, confidence: float, curve: Curve) -> Band | None:
    """Where so many of the resampled curves lie at each place; none without resamples."""
    if draws is None:
        return None
    many = curve(*draws.reached, BAND)
    if not len(many):
        return None
    tail = (1 - confidence) / 2
    low, high = np.quantile(many, [tail, 1 - tail], axis=0)
    return Band(x=plain(BAND), low=plain(low), high=plain(high))


def _from_none(cumulated: Floats, points: Ints) -> Floats:
    """Sums at points of a curve that begins before the first of them."""
    return np.where(points > 0, cumulated[np.maximum(points - 1, 0)], 0.0)


def _pairs_under(ranking: Ranking, points: Ints) -> Floats:
    """The area under the curve of positives by negatives up to its points, 0 and its last among."""
    return np.append(0.0, np.cumsum(between(ranking.pairs_here, points[1:] - 1)))


def _roc_of(true: Floats, false: Floats, at: Floats) -> Floats:
    return _heights(false, true, at)


def _gain_of(true: Floats, false: Floats, at: Floats) -> Floats:
    return _heights(true + false, true, at)


def _precision_of(found: Floats, false: Floats, at: Floats) -> Floats:
    reached = found + false
    place = np.array([np.searchsorted(row, at * row[-1] * (1 - 1e-12)) for row in found])
    place = np.maximum(place.reshape(-1, len(at)), np.argmax(found > 0, axis=1)[:, None])
    precision: Floats = np.take_along_axis(found, place, 1) / np.take_along_axis(reached, place, 1)
    return precision


def _heights(x: Floats, y: Floats, at: Floats) -> Floats:
    """Each row's y where its x has reached a share, both as shares of their last."""
    # Side by side, so that one interpolation does for all rows.
    beside = 2.0 * np.arange(len(x))[:, None]
    shares = (np.pad(each / each[:, -1:], ((0, 0), (1, 0))) for each in (x, y))
    along, up = (next(shares) + beside).ravel(), next(shares).ravel()
    return np.interp((at + beside).ravel(), along, up).reshape(-1, len(at))
