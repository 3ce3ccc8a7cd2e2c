"""Rows in groups by the values of a column: categories by frequency, numbers by quantiles."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from modelyard.analysis.arrays import Bools, Floats, Ints
from modelyard.analysis.group_types import Group
from modelyard.analysis.sorting import rising

RANGES = 10
CATEGORIES = 20
OWN = 12
"""Whole numbers with at most so many different values are groups of their own."""


@dataclass(frozen=True)
class Grouping:
    """The group of each row, and what the groups are."""

    codes: Ints
    groups: tuple[Group, ...]

    def of(self, kept: Bools | None) -> Grouping:
        """The same for some of the rows."""
        return self if kept is None else Grouping(self.codes[kept], self.groups)


def grouped(
    column: pa.Array | pa.ChunkedArray, *, ranges: int = RANGES, categories: int = CATEGORIES
) -> Grouping:
    """Group the rows of a column of any plain type; missing values are a group of their own.

    Args:
        column: numbers, moments, texts, booleans.
        ranges: how many groups numbers and moments get, besides values that are frequent.
        categories: how many of the most frequent categories are told apart.
    """
    if pa.types.is_integer(column.type) and len(pc.unique(column).drop_null()) <= OWN:
        return _sorted(by_category(column, OWN))
    found = as_numbers(column)
    if found is None:
        return by_category(column, categories)
    values, moments = found
    return by_number(values, ranges, moments=moments)


def as_numbers(column: pa.Array | pa.ChunkedArray) -> tuple[Floats, bool] | None:
    """A column on a line, NaN where values are missing, and whether it holds moments.

    Moments are in microseconds since 1970. None: it holds neither numbers nor moments.
    """
    kind = column.type
    if pa.types.is_temporal(kind):
        return _floats(column.cast(pa.timestamp("us")).cast(pa.int64())), True
    if pa.types.is_decimal(kind) or pa.types.is_floating(kind) or pa.types.is_integer(kind):
        return _floats(column), False
    return None


def by_category(column: pa.Array | pa.ChunkedArray, most: int) -> Grouping:
    """A group for each of the most frequent values, one for all others, one for missing ones."""
    encoded: Any = column
    if isinstance(encoded, pa.ChunkedArray):
        encoded = pa.concat_arrays(encoded.chunks) if encoded.chunks else pa.array([], column.type)
    if isinstance(encoded, pa.DictionaryArray):
        encoded = encoded.cast(encoded.type.value_type)
    if pa.types.is_null(encoded.type):
        encoded = encoded.cast(pa.string())
    encoded = encoded.dictionary_encode()
    values = encoded.dictionary.to_pylist()
    found = encoded.indices.fill_null(len(values)).to_numpy(zero_copy_only=False)
    counts = np.bincount(found, minlength=len(values) + 1)
    # By falling frequency, and by name where that is equal, so that groups do not depend on order.
    places = sorted(range(len(values)), key=lambda at: (-counts[at], str(values[at])))
    groups = [Group(label=_word(values[at]), kind="value") for at in places[:most]]
    codes = np.full(len(values) + 1, len(groups))
    codes[places[:most]] = np.arange(len(groups))
    if places[most:]:
        others = len(places) - most
        groups.append(Group(label=f"{others} other values", kind="other"))
    codes[-1] = len(groups)
    if counts[-1]:
        groups.append(Group(label="missing", kind="missing"))
    return Grouping(codes[found].astype(np.int64), tuple(groups))


def by_number(values: Floats, ranges: int = RANGES, *, moments: bool = False) -> Grouping:
    """Groups of equal size by value; a value that fills a group of that size is one of its own.

    So columns that are mostly zero keep their other values apart.
    """
    known = rising(values[~np.isnan(values)])
    first = np.flatnonzero(np.append(True, known[1:] != known[:-1])[: len(known)])
    counts = np.diff(first, append=len(known))
    alone = counts * ranges > len(known)
    if len(first) <= ranges:
        alone[:] = True
    heavy = known[first[alone]]
    rest = known[~np.repeat(alone, counts)] if len(heavy) else known
    left = max(ranges - len(heavy), 1)
    at = np.arange(1, left) / left * (len(rest) - 1)
    inner = np.unique(rest[at.astype(np.int64)]) if len(rest) else rest
    inner = inner[inner < rest[-1]] if len(rest) else inner
    codes = np.searchsorted(inner, values, side="left")
    groups: list[Group] = []
    if len(rest):
        ends = [float(rest[0]), *inner.tolist(), float(rest[-1])]
        groups = [
            _range(low, high, first=at == 0, moments=moments)
            for at, (low, high) in enumerate(pairwise(ends))
        ]
    for value in heavy.tolist():
        codes[values == value] = len(groups)
        label = number_label(value, moments=moments)
        groups.append(Group(label=label, kind="value", low=_finite(value), high=_finite(value)))
    if len(known) < len(values):
        codes[np.isnan(values)] = len(groups)
        groups.append(Group(label="missing", kind="missing"))
    return _sorted(Grouping(codes.astype(np.int64), tuple(groups)))


def _sorted(grouping: Grouping) -> Grouping:
    """Groups by rising value, the missing last."""

    def place(at: int) -> tuple[bool, float]:
        group = grouping.groups[at]
        low = group.low
        if low is None and group.kind == "value":
            low = float(group.label)
        return group.kind == "missing", math.inf if low is None else low

    order = sorted(range(len(grouping.groups)), key=place)
    if order == [*range(len(order))]:
        return grouping
    codes = np.empty(len(order), np.int64)
    codes[order] = np.arange(len(order))
    return Grouping(codes[grouping.codes], tuple(grouping.groups[at] for at in order))


def _range(low: float, high: float, *, first: bool, moments: bool) -> Group:
    start, end = number_label(low, moments=moments), number_label(high, moments=moments)
    label = f"{start} to {end}" if first else f"over {start} to {end}"
    return Group(label=label, kind="range", low=_finite(low), high=_finite(high))


def number_label(value: float, *, moments: bool) -> str:
    """A number, or a moment in microseconds since 1970, as groups are called."""
    if moments:
        return str(np.datetime64(int(value), "us")).removesuffix("T00:00:00.000000")
    return f"{value:.6g}"


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _floats(column: pa.Array | pa.ChunkedArray) -> Floats:
    plain = column.cast(pa.float64(), safe=False)
    chunked = plain if isinstance(plain, pa.ChunkedArray) else pa.chunked_array([plain])
    found: Floats = chunked.to_numpy()
    return found


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
