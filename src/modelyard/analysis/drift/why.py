"""Why a metric changed: because rows are mixed otherwise, or because the model does otherwise.

Cai, Namkoong and Yadlowsky (2023), Diagnosing model performance under distribution shift, arXiv
2303.02011, for all columns together; Kitagawa (1955), Components of a difference between two rates,
JASA 50, for each by itself. The mix is what would have become of the reference's metric if its
rows were mixed as current's; the relation is the rest, so that both sum up to the change.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from modelyard.analysis.arrays import Floats, Ints, metric
from modelyard.analysis.drift.classifier import LEARNED, balanced, folds
from modelyard.analysis.drift.encoding import MISSING, Codes, Encoded, encoded
from modelyard.analysis.drift.sentences import counted
from modelyard.analysis.drift.sides import Rows
from modelyard.analysis.drift.trees import learned, on_one_thread
from modelyard.analysis.drift.types import Contribution, DriftSettings, Why
from modelyard.analysis.intervals import around
from modelyard.analysis.losses import Losses
from modelyard.analysis.names import name_of
from modelyard.analysis.types import Metric

MEANS = ("accuracy", "hammingLoss", "logLoss", "brierScore", "mae", "mse")
"""Metrics that are means over rows, and so can be split."""
CAP = 50_000
LEAST = 200
"""Rows of a side below which nothing is split."""
GROUPS = 10
CATEGORIES = 20
ALONE = 0.95
"""Probability of being current's from which a row has hardly its like in the reference."""
LONELY = 0.05
"""Share of such rows that is told."""
THIN = 0.1
"""Share of the reference's rows that the weighted ones are worth, below which that is told."""


def why(
    code: str,
    values: tuple[Losses, Losses],
    rows: tuple[Rows, Rows],
    *,
    taken: tuple[Ints | None, Ints | None] = (None, None),
    settings: DriftSettings | None = None,
    columns: Iterable[str] | None = None,
    cap: int = CAP,
) -> Why:
    """Split the change of a metric.

    Columns that go together share what they explain: their contributions do not sum up.

    Args:
        code: of the metric, one of `MEANS`.
        values: of each row, on both sides, what the metric is the mean of: losses, or for the
            accuracy whether it is right; or why there are none.
        rows: what the model was given, on both sides.
        taken: which of these rows the values are of, rising; none: all.
        settings: confidence, handling of columns and seed.
        columns: to split by; none: all.
        cap: rows of each side that are looked at, at most.
    """
    settings = settings or DriftSettings()
    if code not in MEANS:
        others = ", ".join(map(name_of, MEANS))
        return Why(code=code, reason=f"it is no mean over rows; these are: {others}")
    before, after = values
    if isinstance(before, str) or isinstance(after, str):
        side, reason = ("the reference", before) if isinstance(before, str) else ("current", after)
        return Why(code=code, reason=f"{side}: {reason}")
    for side, some in (("the reference", before), ("current", after)):
        if len(some) < LEAST:
            reason = (
                f"{side} has {counted(len(some), 'row')} with a truth, and {LEAST} are the least"
            )
            return Why(code=code, reason=reason)
    rng = np.random.default_rng(settings.seed)
    (before, old), (after, new) = (
        _some(each, some, cap, rng) for each, some in zip((before, after), taken, strict=True)
    )
    both = encoded(*rows, (old, new), columns=columns, handling=settings.handling)
    found = Why(code=code, reference=float(before.mean()), current=float(after.mean()))
    if not both.names:
        return found.model_copy(update={"reason": "there is no column to split by"})
    loss = np.concatenate([before, after])
    judged = _judged(both, loss, rng)
    mix, relation = _split(code, loss, judged, both.reference, settings.confidence)
    contributions = [
        Contribution(column=name, mix=of_mix, relation=of_relation)
        for at, name in enumerate(both.names)
        for of_mix, of_relation in [
            _split(code, loss, _grouped(both, at, loss), both.reference, settings.confidence)
        ]
    ]
    contributions.sort(key=lambda one: -abs(one.mix.value or 0))
    return found.model_copy(
        update={
            "mix": mix,
            "relation": relation,
            "columns": tuple(contributions),
            "doubts": tuple(_doubts(loss, judged, both, settings.confidence)),
        }
    )


@dataclass(frozen=True)
class _Told:
    """What is known of rows of the reference, then of current."""

    value: Floats
    """What is to be expected of a row, were it one of the reference."""
    weight: Floats
    """How much more often than in the reference rows like it are in current; of the reference."""
    lonely: float = 0.0
    """Share of current's rows that have hardly their like in the reference."""


def _judged(both: Encoded, loss: Floats, rng: np.random.Generator) -> _Told:
    """By trees of all columns, each row by those that learned from others."""
    truth = both.current
    value, chance = np.empty(len(loss)), np.empty(len(loss))
    with on_one_thread():
        for held, others in folds(both.contents, truth, rng):
            rows = balanced(truth, others, LEARNED, rng)
            sides = learned(both.codes[rows], both.categorical, truth[rows], rng)
            chance[held] = sides.probability(both.codes[held])
            known = rows[~truth[rows]]
            means = learned(both.codes[known], both.categorical, loss[known], rng)
            value[held] = means.value(both.codes[held])
    of_reference = np.clip(chance[~truth], 0.001, 0.999)
    weight = of_reference / (1 - of_reference)
    return _Told(value, weight / weight.mean(), float((chance[truth] > ALONE).mean()))


def _grouped(both: Encoded, at: int, loss: Floats) -> _Told:
    """By groups of one column's values. What current alone has is as it is there."""
    group = _groups(both.codes[:, at], categorical=bool(both.categorical[at]))
    truth, count = both.current, int(group.max()) + 1
    (before, after), (of_before, of_after) = (
        [np.bincount(group[side], some, count) for side, some in pairs]
        for pairs in (
            [(~truth, None), (truth, None)],
            [(~truth, loss[~truth]), (truth, loss[truth])],
        )
    )
    sums, counts = np.where(before > 0, (of_before, before), (of_after, after))
    means = sums / np.maximum(counts, 1)
    ratio = (after / after.sum()) / np.maximum(before / before.sum(), 1e-300)
    return _Told(means[group], ratio[group[~truth]])


def _groups(codes: Codes, *, categorical: bool) -> Ints:
    """About ten groups of a number's ranges, the commonest categories, and missing values."""
    group: Ints = codes.astype(np.int64)
    if categorical:
        return np.where(group == MISSING, CATEGORIES + 1, np.minimum(group, CATEGORIES))
    counts = np.bincount(codes[codes != MISSING], minlength=MISSING + 1)
    middle = np.cumsum(counts) - counts / 2
    places = np.minimum(middle * GROUPS // max(counts.sum(), 1), GROUPS - 1).astype(np.int64)
    places[MISSING] = GROUPS
    found: Ints = places[group]
    return found


def _split(
    code: str, loss: Floats, told: _Told, size: int, confidence: float
) -> tuple[Metric, Metric]:
    """The change by the mix and by the relation, with limits from the influence of each row.

    The mean under current's mix is that of what is expected of current's rows, corrected by what
    the reference's rows were more than expected, weighted (Robins, Rotnitzky and Zhao 1994,
    Estimation of regression coefficients when some regressors are not always observed, JASA 89).
    """
    before, after = loss[:size], loss[size:]
    expected = told.value[size:]
    rest = told.weight * (before - told.value[:size])
    moved = float(expected.mean() + rest.mean())
    mix, relation = moved - float(before.mean()), float(after.mean()) - moved

    def limited(value: float, of_before: Floats, of_after: Floats) -> Metric:
        variance = _variance(of_before) + _variance(of_after)
        return metric(code, value, around(value, variance, confidence))

    return limited(mix, rest - before, expected), limited(relation, rest, after - expected)


def _variance(influences: Floats) -> float:
    """Of their mean."""
    return float(influences.var(ddof=1)) / len(influences)


def _doubts(loss: Floats, told: _Told, both: Encoded, confidence: float) -> Iterable[str]:
    before, after = loss[: both.reference], loss[both.reference :]
    change = float(after.mean() - before.mean())
    low, high, _ = around(change, _variance(before) + _variance(after), confidence)
    if low <= 0 <= high:
        yield "the change itself may be chance"
    if told.lonely > LONELY:
        yield (
            f"{told.lonely:.0%} of current's rows have hardly their like in the reference: what "
            "the mix does to them is not known"
        )
    weight = told.weight
    worth = float(weight.sum() ** 2 / (weight @ weight))
    if worth < THIN * len(weight):
        yield (
            f"the reference's {len(weight)} rows, mixed as current's, are worth {worth:.0f} of them"
        )


def _some(
    values: Floats, taken: Ints | None, most: int, rng: np.random.Generator
) -> tuple[Floats, Ints]:
    rows = np.arange(len(values))
    if len(rows) > most:
        rows = np.sort(rng.choice(rows, most, replace=False))
    return np.asarray(values, np.float64)[rows], rows if taken is None else taken[rows]
