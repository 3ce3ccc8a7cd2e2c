"""The search for subgroups on which a model is worse than elsewhere.

Every group of every column, and every pair of groups of two columns, is compared with all other
rows by the mean of a loss that each row has (log loss, squared error, being wrong).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from modelyard.analysis.arrays import Bools, Floats, Ints, summed
from modelyard.analysis.group_types import Condition, WorstSlice, WorstSlices
from modelyard.analysis.grouping import Grouping
from modelyard.analysis.intervals import normal_quantile

ALIKE = 0.95
"""The share of their rows that two slices have in common from which on one of them is told."""


@dataclass(frozen=True)
class Search:
    """What is looked for.

    Args:
        least: rows below which a slice is not looked at.
        effect: the least difference from the other rows, in standard deviations of the loss.
        confidence: one less the largest share of false findings among all (and level of limits).
        most: how many slices are told.
        pairs: whether pairs of columns are looked at, too.
    """

    least: int = 50
    effect: float = 0.1
    confidence: float = 0.95
    most: int = 20
    pairs: bool = True


@dataclass(frozen=True)
class _Compared:
    """Groups compared with all other rows, as arrays over the groups."""

    rows: Ints
    weight: Floats
    inside: Floats
    outside: Floats
    error: Floats
    p: Floats
    usable: Bools


def worst_slices(
    loss: str,
    losses: Floats,
    columns: Mapping[str, Grouping],
    weights: Floats | None = None,
    search: Search | None = None,
) -> WorstSlices:
    """Find the subgroups whose mean loss is larger than that of all other rows.

    The comparison is Welch's (1947, Biometrika 34), with the normal distribution, since slices are
    not small; which effect counts is Cohen's d, as in Slice Finder (Chung et al. 2019, Automated
    data slicing for model validation, ICDE). Slices overlap, so their tests depend on each other
    in unknown ways: p-values of all slices that were looked at, found or not, are corrected
    together by Benjamini and Yekutieli (2001, The control of the false discovery rate in multiple
    testing under dependency, Annals of Statistics 29). A pair has to be worse than all other rows
    and than the others of each of its two parts; its p-value is the largest of the three (an
    intersection-union test, Berger 1982, Technometrics 24), and 1 if there are too few others, so
    that no pair is told for what one of its parts is to blame for. Of slices of nearly the same
    rows only the first is told.

    Args:
        loss: what the losses are.
        losses: of each row that is used; larger is worse.
        columns: groups of these rows by column.
        weights: of these rows.
        search: what is looked for.
    """
    search = search or Search()
    if len(losses) < 2 * search.least:
        reason = f"there are {len(losses)} rows; a search takes {2 * search.least}"
        return WorstSlices(loss=loss, looked_at=0, overall=None, slices=(), reason=reason)
    weight = np.ones(len(losses)) if weights is None else weights
    whole = _Whole(losses, weight, search.least)
    found: list[tuple[tuple[Condition, ...], _Compared, int]] = []
    for conditions, compared in _all(whole, columns, search):
        found += [(conditions[at], compared, at) for at in np.flatnonzero(compared.usable).tolist()]
    corrected = _yekutieli(np.array([compared.p[at] for _, compared, at in found]))
    told = [
        _told(whole, conditions, compared, at, float(q), search.confidence)
        for (conditions, compared, at), q in zip(found, corrected, strict=True)
    ]
    worst = [
        each for each in told if each.effect >= search.effect and each.q <= 1 - search.confidence
    ]
    # In units of its error a difference is the larger the worse the slice is, and the more rows it
    # has; by the loss that it costs, groups would stand before the bad part of them.
    worst.sort(key=lambda each: -(each.loss - each.rest) / max(each.high - each.low, 1e-300))
    return WorstSlices(
        loss=loss,
        looked_at=len(told),
        overall=whole.mean,
        slices=tuple(_once(worst, columns, search.most)),
    )


def _once(
    worst: Iterable[WorstSlice], columns: Mapping[str, Grouping], most: int
) -> list[WorstSlice]:
    """The first of them, without those of nearly the same rows as one before, which names them.

    Rows are nearly the same by Jaccard's index (1912, The distribution of the flora in the alpine
    zone, New Phytologist 11): what both have over what either has.
    """
    told: list[tuple[WorstSlice, Bools]] = []
    for each in worst:
        inside = _inside(each.conditions, columns)
        same = next((at for at, (_, there) in enumerate(told) if _alike(inside, there)), None)
        if same is not None:
            first, there = told[same]
            also = (*first.also, each.conditions)
            told[same] = (first.model_copy(update={"also": also}), there)
        elif len(told) < most:
            told.append((each, inside))
        else:
            break
    return [each for each, _ in told]


def _inside(conditions: Iterable[Condition], columns: Mapping[str, Grouping]) -> Bools:
    """Which rows the conditions hold for."""
    masks = []
    for each in conditions:
        grouping = columns[each.column]
        masks.append(grouping.codes == grouping.groups.index(each.group))
    found: Bools = np.logical_and.reduce(masks)
    return found


def _alike(one: Bools, other: Bools) -> bool:
    either = int(np.count_nonzero(one | other))
    return int(np.count_nonzero(one & other)) >= ALIKE * either


class _Whole:
    """All rows: their losses, and the sums that what is outside of a group follows from."""

    def __init__(self, losses: Floats, weight: Floats, least: int) -> None:
        total = float(weight.sum())
        self.mean = float(losses @ weight) / total
        gap = losses - self.mean
        self.std = math.sqrt(float(weight @ (gap * gap)) / total)
        # Sums of gaps from the mean do not lose digits as those of the losses would.
        self._weight = weight
        self._terms = (weight, weight * gap, weight * weight)
        self._squares = (weight * weight * gap, weight * weight * gap * gap)
        self._least = least
        self._sums = [float(each.sum()) for each in (*self._terms, *self._squares)]

    @property
    def total(self) -> float:
        """Sum of all weights."""
        return self._sums[0]

    def compare(self, codes: Ints, shape: tuple[int, ...]) -> _Compared:
        """Compare each group with all other rows; of pairs, with those of each part, too."""
        count = math.prod(shape)
        rows = np.bincount(codes, minlength=count)
        terms = (*self._terms, *self._squares)
        inside = [rows.astype(float), *(summed(codes, each, count) for each in terms)]
        wholes = [[np.full(count, each) for each in (len(codes), *self._sums)]]
        if len(shape) > 1:
            wholes += [_spread(inside, shape, axis) for axis in (0, 1)]
        mean, variance = _moments(inside)
        gaps, errors = [], []
        for whole in wholes:
            others = [all_of - each for all_of, each in zip(whole, inside, strict=True)]
            mean_others, variance_others = _moments(others)
            gaps.append(mean - mean_others)
            error = np.sqrt(variance + variance_others)
            errors.append(np.where(others[0] >= self._least, error, np.nan))
        usable = (rows >= self._least) & np.isfinite(errors[0])
        p = np.max([_p(gap, error) for gap, error in zip(gaps, errors, strict=True)], axis=0)
        outside = mean - gaps[0] + self.mean
        return _Compared(rows, inside[1], mean + self.mean, outside, errors[0], p, usable)


def _spread(inside: list[Floats], shape: tuple[int, ...], axis: int) -> list[Floats]:
    """The sums of one part of each pair."""
    return [
        np.broadcast_to(each.reshape(shape).sum(axis=1 - axis, keepdims=True), shape).ravel()
        for each in inside
    ]


def _p(gap: Floats, error: Floats) -> Floats:
    """Of a gap as large by chance; 1 where that cannot be told."""
    scores = np.divide(gap, error, out=np.where(gap > 0, np.inf, 0.0), where=error > 0)
    scores = np.where(np.isnan(error), -np.inf, scores)
    return np.array([math.erfc(float(z) / math.sqrt(2)) / 2 for z in scores])


def _moments(sums: list[Floats]) -> tuple[Floats, Floats]:
    """The mean gap of each group, and the variance of that mean; NaN where there are no rows."""
    _, total, gaps, squares, gap_squares, gaps_squared = sums
    safe = np.where(total > 0, total, np.nan)
    mean = gaps / safe
    spread = np.maximum(gaps_squared - 2 * mean * gap_squares + mean * mean * squares, 0)
    size = safe * safe / np.where(squares > 0, squares, np.nan)
    return mean, spread / safe**2 * size / np.where(size > 1, size - 1, np.nan)


def _all(
    whole: _Whole, columns: Mapping[str, Grouping], search: Search
) -> Iterator[tuple[list[tuple[Condition, ...]], _Compared]]:
    """Every column and every pair of columns, with the conditions of each of their groups."""
    named = {
        column: [Condition(column=column, group=group) for group in grouping.groups]
        for column, grouping in columns.items()
        if len(grouping.groups) > 1
    }
    for column, conditions in named.items():
        codes = columns[column].codes
        yield [(each,) for each in conditions], whole.compare(codes, (len(conditions),))
    if not search.pairs:
        return
    for first, second in itertools.combinations(named, 2):
        across = len(named[second])
        codes = columns[first].codes * across + columns[second].codes
        pairs: list[tuple[Condition, ...]] = [*itertools.product(named[first], named[second])]
        yield pairs, whole.compare(codes, (len(named[first]), across))


def _yekutieli(p: Floats) -> Floats:
    """P-values corrected for their number, whatever their dependence."""
    count = len(p)
    if not count:
        return p
    order = np.argsort(p)
    rank = np.arange(1, count + 1)
    scaled = p[order] * count / rank * float((1 / rank).sum())
    corrected = np.empty(count)
    corrected[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1)
    return corrected


def _told(
    whole: _Whole,
    conditions: tuple[Condition, ...],
    compared: _Compared,
    at: int,
    q: float,
    confidence: float,
) -> WorstSlice:
    inside, outside = float(compared.inside[at]), float(compared.outside[at])
    gap, half = inside - outside, normal_quantile(confidence) * float(compared.error[at])
    weight = float(compared.weight[at])
    all_loss = whole.mean * whole.total
    return WorstSlice(
        conditions=conditions,
        rows=int(compared.rows[at]),
        weight=weight,
        loss=inside,
        rest=outside,
        low=gap - half,
        high=gap + half,
        effect=gap / whole.std if whole.std else 0.0,
        share_of_loss=gap * weight / all_loss if all_loss else 0.0,
        p=float(compared.p[at]),
        q=q,
    )
