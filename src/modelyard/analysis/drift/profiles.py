"""Profiles of columns: what drift needs of a reference, small, mergeable, plain JSON.

A numeric column is counted in cells. Each value that holds more than 1/500 of the numbers has one
of its own, and what is between them is cut at quantiles, finer at both ends, so that neither a
long tail nor a heap of zeros hides the rest. A new window is counted in the cells of its reference.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from modelyard.analysis.arrays import Floats, Ints, plain
from modelyard.analysis.drift import reading
from modelyard.analysis.drift.profile_types import CategoryCounts, ColumnProfile, NumberCounts
from modelyard.analysis.drift.reading import Column, Words
from modelyard.analysis.drift.types import ColumnKind

CELLS = 500
"""Cells of numeric columns, besides those of values that have their own."""
KEPT = 10_000
"""Categories whose counts are kept."""
NO_WORDS = Words(pa.nulls(0, pa.string()), np.zeros(0, np.int64), 0)
STEPS = 1 << 16
"""Equal steps, at most, that tell most numbers' cells without a search."""
SEARCHED = 2_000
"""Numbers up to which a search of each is quicker."""


def profiled(name: str, column: Column, kind: ColumnKind | None = None) -> ColumnProfile:
    """The profile of a column.

    Args:
        name: of the column.
        column: its values.
        kind: how to look at it; none: as is found. What cannot be looked at is categorical.
    """
    return Counting(name, column, kind).profile()


def unlike(name: str, column: Column) -> ColumnProfile:
    """The profile of a column whose type is not compared: nothing but that."""
    return ColumnProfile(
        name=name,
        kind="categorical",
        found=None,
        family="others",
        type=str(column.type),
        rows=len(column),
        missing=column.null_count,
    )


def counted(like: ColumnProfile, column: Column) -> ColumnProfile:
    """The profile of another side's column in the cells and categories of this one."""
    return Counting(like.name, column, like.kind).profile(like)


def merged(one: ColumnProfile, other: ColumnProfile) -> ColumnProfile:
    """The profile of the rows of both; they must be counted in the same cells.

    Raises:
        ValueError: they are not.
    """
    changes: dict[str, Any] = {
        "rows": one.rows + other.rows,
        "missing": one.missing + other.missing,
    }
    if one.numbers and other.numbers:
        changes["numbers"] = _merged_numbers(one.numbers, other.numbers)
    elif one.categories and other.categories:
        changes["categories"] = _merged_categories(one.categories, other.categories)
    else:
        raise ValueError(f"{one.name}: profiles of different kinds cannot be merged")
    return one.model_copy(update=changes)


class Counting:
    """A column that is counted; its numbers are sorted once, where they are asked for."""

    def __init__(self, name: str, column: Column, kind: ColumnKind | None = None) -> None:
        self.name = name
        self.type = column.type
        self.rows = len(column)
        self.family = reading.family(column.type)
        self.found, words = reading.kind_of(column)
        self.kind: ColumnKind = kind or self.found or "categorical"
        self._words = NO_WORDS
        self._numbers: npt.NDArray[Any] = np.zeros(0)
        self._sorted: Floats | None = None
        if self.kind == "numeric":
            self._numbers, self.missing = reading.numbers(column)
            return
        words = words or reading.words(column)
        self.missing = words.missing
        if self.kind == "text":
            self._numbers = np.repeat(words.lengths(), words.counts)
        else:
            self._words = words

    def sorted(self) -> Floats:
        """All numbers but the missing ones, sorted."""
        if self._sorted is None:
            self._sorted = _in_order(self._numbers).astype(np.float64, copy=False)
            self._numbers = self._sorted
        return self._sorted

    def profile(self, like: ColumnProfile | None = None) -> ColumnProfile:
        """The profile, in cells of its own or of another."""
        numbers = categories = None
        if self.kind == "categorical":
            categories = _categories(self._words, like.categories if like else None)
        elif like and like.numbers and self._sorted is None:
            numbers = _number_counts(self._numbers, np.array(like.numbers.edges, float))
        else:
            edges = np.array(like.numbers.edges, float) if like and like.numbers else None
            numbers = _sorted_counts(self.sorted(), edges)
        return ColumnProfile.model_construct(
            name=self.name,
            kind=self.kind,
            found=self.found,
            family=self.family,
            type=str(self.type),
            rows=self.rows,
            missing=self.missing,
            numbers=numbers,
            categories=categories,
        )


def finite(ordered: Floats) -> Floats:
    """The finite ones of sorted numbers."""
    first = ordered.searchsorted(-np.inf, "right")
    return ordered[first : ordered.searchsorted(np.inf, "left")]


def cells(ordered: Floats) -> Floats:
    """Edges of cells for sorted finite numbers."""
    count = len(ordered)
    if not count:
        return ordered
    if np.count_nonzero(ordered[1:] != ordered[:-1]) < CELLS:
        values = np.unique(ordered)
        cuts = values
    else:
        # More than 1/CELLS of the numbers are next to each other: some stand at each such step.
        values = np.unique(ordered[:: max(count // CELLS, 1)])
        starts, ends = ordered.searchsorted(values), ordered.searchsorted(values, "right")
        heavy = (ends - starts) * CELLS > count
        values, starts, sizes = values[heavy], starts[heavy], (ends - starts)[heavy]
        before = np.concatenate([[0], np.cumsum(sizes)])
        rest = count - before[-1]
        # The outermost cells are halved on and on: what a long tail adds up to depends on them.
        outer = 1 << np.arange(int(math.log2(max(rest // CELLS, 1))) + 1)
        ranks = np.arange(1, CELLS) * rest // CELLS
        ranks = np.concatenate([outer, ranks, rest - outer])
        ranks += before[(starts - before[:-1]).searchsorted(ranks, "right")]
        cuts = ordered[ranks - 1]
    first_last = np.array([np.nextafter(ordered[0], -np.inf), ordered[-1]])
    return np.unique(np.concatenate([first_last, np.nextafter(values, -np.inf), values, cuts]))


def _in_order(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Sorted; whole numbers in a narrow range by counting them."""
    if values.dtype.kind in "iu" and len(values):
        low, high = int(values.min()), int(values.max())
        if high - low < min(len(values), 2**62) and high < 2**62 and low > -(2**62):
            counts = np.bincount(values.astype(np.int64, copy=False) - low)
            return np.repeat(np.arange(low, high + 1), counts)
    return np.sort(values)


def _sorted_counts(ordered: Floats, edges: Floats | None) -> NumberCounts:
    known = finite(ordered)
    edges = cells(known) if edges is None else edges
    ends = known.searchsorted(edges, "right")
    counts = np.diff(ends, prepend=0, append=len(known))
    negative = int(ordered.searchsorted(-np.inf, "right"))
    first, last = (int(ends[0]), int(ends[-1])) if len(edges) else (len(known), len(known))
    return _told(
        known,
        (negative, len(ordered) - len(known) - negative),
        edges,
        counts,
        (known[:first], known[last:]),
    )


def _number_counts(values: npt.NDArray[Any], edges: Floats) -> NumberCounts:
    values = values.astype(np.float64, copy=False)
    usable = np.isfinite(values)
    infinite = (0, 0)
    if not usable.all():
        lost = values[~usable]
        infinite = (int(np.count_nonzero(lost < 0)), int(np.count_nonzero(lost > 0)))
        values = values[usable]
    counts = _in_cells(values, edges)
    outer = (
        (
            values[values <= edges[0]] if counts[0] else values[:0],
            values[values > edges[-1]] if counts[-1] else values[:0],
        )
        if len(edges)
        else (values, values[:0])
    )
    return _told(values, infinite, edges, counts, outer)


def _in_cells(values: Floats, edges: Floats) -> Ints:
    """How many values are in each cell.

    A fine grid tells the cell of all values that share no step of it with an edge: rounding keeps
    the order, so what is in a lower step than an edge is below it.
    """
    whole = np.zeros(len(edges) + 1, np.int64)
    inner = edges[1:-1]
    width = float(inner[-1] - inner[0]) if len(inner) > 1 else 0.0
    grid = min(STEPS, 1 << max(len(values).bit_length() - 2, 0))
    if len(values) < SEARCHED or not 0 < width < np.inf or grid / width == np.inf:
        whole += np.bincount(edges.searchsorted(values), minlength=len(whole))
        return whole
    with np.errstate(over="ignore"):
        steps = _steps(values, inner[0], grid, width)
        of_edges = _steps(edges, inner[0], grid, width)
    shared = np.zeros(grid + 2, bool)
    shared[of_edges] = True
    by_step = np.bincount(steps, minlength=grid + 2)
    by_step[shared] = 0
    cell = of_edges.searchsorted(np.arange(grid + 2))
    whole += np.bincount(cell, by_step, len(whole)).astype(np.int64)
    near = shared[steps]
    values, steps = values[near], steps[near]
    # Most of the others are often one value that fills a cell: that is the last edge of its step.
    last = np.zeros(grid + 2, np.int64)
    last[of_edges] = np.arange(len(edges))
    equal = values == edges[last][steps]
    whole[: len(edges)] += np.bincount(
        last, np.bincount(steps[equal], minlength=grid + 2), len(edges)
    ).astype(np.int64)
    whole += np.bincount(edges.searchsorted(values[~equal]), minlength=len(whole))
    return whole


def _steps(values: Floats, start: float, grid: int, width: float) -> npt.NDArray[np.int32]:
    moved = values - start
    moved *= grid / width
    moved += 1
    np.clip(moved, 0, grid + 1, out=moved)
    return moved.astype(np.int32)


def _told(
    values: Floats,
    infinite: tuple[int, int],
    edges: Floats,
    counts: Ints,
    outer: tuple[Floats, Floats],
) -> NumberCounts:
    with np.errstate(over="ignore", invalid="ignore"):
        mean = float(values.mean()) if len(values) else math.nan
        squares = float(values.var() * len(values)) if len(values) else math.nan
        below, above = (float(part.sum()) for part in outer)
    return NumberCounts.model_construct(
        count=len(values),
        negative_infinite=infinite[0],
        positive_infinite=infinite[1],
        mean=_finite(mean),
        squares=_finite(squares),
        low=float(values.min()) if len(values) else None,
        high=float(values.max()) if len(values) else None,
        edges=plain(edges),
        counts=tuple(counts.tolist()),
        below=_finite(below),
        above=_finite(above),
    )


def _merged_numbers(one: NumberCounts, other: NumberCounts) -> NumberCounts:
    if one.edges != other.edges:
        raise ValueError("profiles that were not counted in the same cells cannot be merged")
    count = one.count + other.count
    mean = squares = math.nan
    if not one.count or not other.count:
        held = one if one.count else other
        mean, squares = _float(held.mean), _float(held.squares)
    elif one.mean is not None and other.mean is not None:
        # Chan, Golub and LeVeque (1979), Updating formulae and a pairwise algorithm.
        gap = other.mean - one.mean
        mean = one.mean + gap * other.count / count
        between = gap * gap * one.count * other.count / count
        squares = _float(one.squares) + _float(other.squares) + between
    lows = [x for x in (one.low, other.low) if x is not None]
    highs = [x for x in (one.high, other.high) if x is not None]
    return NumberCounts(
        count=count,
        negative_infinite=one.negative_infinite + other.negative_infinite,
        positive_infinite=one.positive_infinite + other.positive_infinite,
        mean=_finite(mean),
        squares=_finite(squares),
        low=min(lows, default=None),
        high=max(highs, default=None),
        edges=one.edges,
        counts=tuple(a + b for a, b in zip(one.counts, other.counts, strict=True)),
        below=_finite(_float(one.below) + _float(other.below)),
        above=_finite(_float(one.above) + _float(other.above)),
    )


def _categories(found: Words, like: CategoryCounts | None) -> CategoryCounts:
    counts = found.counts
    held = counts > 0
    told: dict[str, Any] = {
        "distinct": int(np.count_nonzero(held)),
        "once": int(np.count_nonzero(counts == 1)),
        "twice": int(np.count_nonzero(counts == 2)),
    }
    values: list[str] = []
    first: list[int] = []
    if like:
        values = list(like.values)
        places: Any = pc.index_in(found.values, value_set=pa.array(values, pa.string()))
        known = places.is_valid().to_numpy(zero_copy_only=False)
        at = places.drop_null().to_numpy(zero_copy_only=False)
        first = np.bincount(at, counts[known], len(values)).astype(np.int64).tolist()
        held &= ~known
    rest = np.flatnonzero(held)
    if len(rest) > KEPT:
        rest = rest[np.argpartition(-counts[rest], KEPT)[:KEPT]]
    words = found.values.take(pa.array(rest)).to_pylist()
    kept = sorted(zip(counts[rest].tolist(), words, strict=True), key=lambda x: (-x[0], x[1]))
    told["values"] = (*values, *(word for _, word in kept))
    told["counts"] = (*first, *(count for count, _ in kept))
    told["others"] = int(counts.sum()) - sum(told["counts"])
    return CategoryCounts.model_construct(**told)


def _merged_categories(one: CategoryCounts, other: CategoryCounts) -> CategoryCounts:
    counts = dict(zip(one.values, one.counts, strict=True))
    for value, count in zip(other.values, other.counts, strict=True):
        counts[value] = counts.get(value, 0) + count
    values = list(counts)[: 2 * KEPT]
    others = sum(counts[value] for value in list(counts)[2 * KEPT :])
    return CategoryCounts(
        values=tuple(values),
        counts=tuple(counts[value] for value in values),
        others=one.others + other.others + others,
        distinct=max(len(counts), one.distinct, other.distinct),
        once=sum(count == 1 for count in counts.values()),
        twice=sum(count == 2 for count in counts.values()),
    )


def _float(number: float | None) -> float:
    return math.nan if number is None else number


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None
