"""The curves of a binary model: ROC, precision-recall, gain and lift, with their bands."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from modelyard.analysis.areas import found_at
from modelyard.analysis.arrays import Floats, Ints, absent, gaps, metric, plain, share
from modelyard.analysis.intervals import effective, wilson
from modelyard.analysis.ranking import Ranking
from modelyard.analysis.resampling import Resamples, limits
from modelyard.analysis.thinning import thinned, thinned_steps
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
    ranking: Ranking, area: Metric, confidence: float, draws: Resamples | None
) -> RocCurve:
    """The ROC curve; empty, with the reason at its area, if a class is missing.

    Fawcett (2006), An introduction to ROC analysis, Pattern Recognition Letters 27; the band is
    his vertical averaging, over resamples.
    """
    if ranking.reason:
        return RocCurve(area=area, threshold=(), false_positive_rate=(), true_positive_rate=())
    under = _started(ranking.under, ranking.positives * ranking.negatives)
    x, y, which = thinned(_started(ranking.false), _started(ranking.true), under)
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
    recall = ranking.true / ranking.positives
    heights, kept = thinned_steps(recall, ranking.true / ranking.reached)
    return PrecisionRecallCurve(
        area=area,
        base_rate=ranking.positives / ranking.weight,
        threshold=plain(ranking.scores[kept]),
        recall=plain(recall[kept]),
        precision=plain(heights),
        band=_band(draws, confidence, _precision_of),
    )


def gain_curve(
    ranking: Ranking, found: Metric, at_share: float, confidence: float, draws: Resamples | None
) -> GainCurve:
    """Positives found by share of rows targeted, and the lift at one share.

    Ling and Li (1998), Data mining for direct marketing, KDD. The wizard's curve is that of a
    ranking with all positives first.
    """
    if not ranking.positives:
        return GainCurve(lift=found, at_share=at_share, threshold=(), targeted=(), found=())
    # Over the negatives it rises as the ROC curve does, over the positives by itself.
    under = _started(ranking.under + ranking.true**2 / 2, ranking.positives * ranking.weight)
    x, y, which = thinned(_started(ranking.reached), _started(ranking.true), under)
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
    many = _replicates(draws, at, _gain_of)[:, 0] / at_share
    of_cells = float(_gain_of(draws.true[None], draws.false[None], at)[0, 0]) / at_share
    ceil = min(1 / at_share, ranking.weight / ranking.positives)
    return metric("lift", value, limits(many, of_cells, value, confidence, floor=0, ceil=ceil))


def lift_bins(ranking: Ranking, confidence: float, groups: int = 10) -> LiftBins:
    """Groups of equal weight by falling score; a score that two share is divided among them."""
    weight = ranking.reached
    ends = np.linspace(0, ranking.weight, groups + 1)

    def divided(cumulated: Floats) -> Floats:
        line = np.concatenate([[0.0], cumulated])
        return np.diff(np.interp(ends, np.concatenate([[0.0], weight]), line))

    if not len(weight):
        return LiftBins(
            group=(), lowest_score=(), weight=(), positive_rate=(), lift=(), low=(), high=()
        )
    each = divided(weight)
    rate = np.clip(share(divided(ranking.true), each), 0, 1)
    squares = divided(ranking.true_squares + ranking.false_squares)
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


def _thresholds(ranking: Ranking, which: Ints) -> tuple[float | None, ...]:
    """The scores at points of a curve that begins before the first of them."""
    scores = ranking.scores[np.maximum(which - 1, 0)]
    return gaps(np.where(which > 0, scores, np.nan))


Curve = Callable[[Floats, Floats, Floats], Floats]
"""Heights of curves, one a row, of weights of positives and of negatives in cells."""


def _replicates(draws: Resamples, at: Floats, curve: Curve) -> Floats:
    true, false = draws.true_draws, draws.false_draws
    both = true.any(axis=1) & false.any(axis=1)
    return curve(true[both], false[both], at)


def _band(draws: Resamples | None, confidence: float, curve: Curve) -> Band | None:
    """Where so many of the resampled curves lie at each place; none without resamples."""
    if draws is None:
        return None
    many = _replicates(draws, BAND, curve)
    if not len(many):
        return None
    tail = (1 - confidence) / 2
    low, high = np.quantile(many, [tail, 1 - tail], axis=0)
    return Band(x=plain(BAND), low=plain(low), high=plain(high))


def _started(cumulated: Floats, whole: float | None = None) -> Floats:
    """Shares of the whole, from none on."""
    shares = np.zeros(len(cumulated) + 1)
    np.divide(cumulated, cumulated[-1] if whole is None else whole, out=shares[1:])
    return shares


def _roc_of(true: Floats, false: Floats, at: Floats) -> Floats:
    return _heights(np.cumsum(false, axis=1), np.cumsum(true, axis=1), at)


def _gain_of(true: Floats, false: Floats, at: Floats) -> Floats:
    return _heights(np.cumsum(true + false, axis=1), np.cumsum(true, axis=1), at)


def _precision_of(true: Floats, false: Floats, at: Floats) -> Floats:
    found, reached = np.cumsum(true, axis=1), np.cumsum(true + false, axis=1)
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
