"""Taking some rows of a source: seeded, streaming, the same rows whatever the size of batches.

Rows that are drawn at random get a random number each, in order. Those below a ratio, or those
with the smallest numbers, are taken: each set of rows is as likely as any other, and no more is
held in memory than what is taken.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from modelyard import errors
from modelyard.data.filtering import Filtered
from modelyard.data.schemas import require_columns
from modelyard.data.source import Source, exactly
from modelyard.data.types import Sampling

PIECE = 16_384
MOST_CLASSES = 1_000

Positions = np.ndarray[Any, np.dtype[np.int64]]
"""Positions of rows in a source, from 0, rising."""


def sampled(source: Source, sampling: Sampling, *, rows: int = PIECE) -> Iterator[pa.RecordBatch]:
    """Stream a sample, in the source's order (`first_sorted`: in the order of its column).

    Args:
        source: what to take rows of.
        sampling: which rows.
        rows: rows per batch.

    Raises:
        Invalid: the source lacks a column, that has too many classes or no order, or the filter
            makes no sense.
    """
    if sampling.where is not None:
        source = Filtered(source, sampling.where)
    if sampling.column is not None:
        require_columns([sampling.column], source.schema.names, source.name)
        kind = source.schema.field(sampling.column).type
        if pa.types.is_nested(kind):
            raise errors.Invalid(
                f"column {sampling.column!r} of {source.name} holds values of type {kind}; "
                "sample by a column of single values"
            )
    return exactly(METHODS[sampling.method](source, sampling), rows=rows)


def sample(source: Source, sampling: Sampling) -> pa.Table:
    """Take a sample into memory, in the source's order (`first_sorted`: sorted)."""
    return pa.Table.from_batches(sampled(source, sampling), source.schema)


def _all(source: Source, _sampling: Sampling) -> Iterator[pa.RecordBatch]:
    return source.batches(rows=PIECE)


def _first(source: Source, sampling: Sampling) -> Iterator[pa.RecordBatch]:
    missing = sampling.rows or 0
    for batch in source.batches(rows=min(PIECE, missing)):
        yield batch.slice(0, missing)
        missing -= batch.num_rows
        if missing <= 0:
            return


def _random_ratio(source: Source, sampling: Sampling) -> Iterator[pa.RecordBatch]:
    draw = _numbers(sampling.seed)
    for batch in source.batches(rows=PIECE):
        yield batch.filter(pa.array(draw.random(batch.num_rows) < sampling.ratio))


def _random_count(source: Source, sampling: Sampling) -> Iterator[pa.RecordBatch]:
    drawn = _Smallest(sampling.rows or 0)
    draw = _numbers(sampling.seed)
    for first, batch in _numbered(source, source.schema.names[:1]):
        drawn.add(draw.random(batch.num_rows), np.arange(first, first + batch.num_rows))
    return _at(source, drawn.positions())


def _rebalance(source: Source, sampling: Sampling) -> Iterator[pa.RecordBatch]:
    """Take the same number of rows of each class, or all that it has."""
    column = str(sampling.column)
    counts: dict[
        str, int
    ] = {}  # by how Python writes the value, in which one NaN is another's like
    for _, batch in _numbered(source, [column]):
        for entry in pc.value_counts(_plain(batch.column(0))).to_pylist():
            value = repr(entry["values"])
            counts[value] = counts.get(value, 0) + entry["counts"]
        if len(counts) > MOST_CLASSES:
            raise errors.Invalid(
                f"column {column!r} of {source.name} has more than {MOST_CLASSES:,} values; "
                "rebalancing is for a column of few classes"
            )
    total = sampling.rows or round((sampling.ratio or 0) * sum(counts.values()))
    quota = max(1, total // max(1, len(counts)))
    drawn = {value: _Smallest(quota) for value in counts}
    draw = _numbers(sampling.seed)
    for first, batch in _numbered(source, [column]):
        numbers = draw.random(batch.num_rows)
        encoded = _plain(batch.column(0)).dictionary_encode(null_encoding="encode")
        codes = encoded.indices.to_numpy(zero_copy_only=False)
        for code, value in enumerate(encoded.dictionary.to_pylist()):
            places = np.flatnonzero(codes == code)
            drawn[repr(value)].add(numbers[places], places + first)
    positions = [each.positions() for each in drawn.values()]
    return _at(source, np.sort(np.concatenate(positions)) if positions else np.empty(0, np.int64))


def _column_values(source: Source, sampling: Sampling) -> Iterator[pa.RecordBatch]:
    """Take all rows of some values: the values in a random order, until there are enough rows.

    The order is that of a digest of seed and value, so that values which come too late in it to be
    taken can be forgotten while reading.
    """
    column, wanted = str(sampling.column), sampling.rows or 0
    counts: dict[bytes, int] = {}
    waiting: list[tuple[int, bytes]] = []  # largest digest first
    total, limit = 0, 1 << 64
    for _, batch in _numbered(source, [column]):
        for entry in pc.value_counts(_plain(batch.column(0))).to_pylist():
            key = _key(entry["values"], sampling.seed)
            place = int.from_bytes(key)
            if place >= limit:
                continue
            if key not in counts:
                counts[key] = 0
                heapq.heappush(waiting, (-place, key))
            counts[key] += entry["counts"]
            total += entry["counts"]
        while waiting and total - counts[waiting[0][1]] >= wanted:
            last, key = heapq.heappop(waiting)
            total -= counts.pop(key)
            limit = -last
    for batch in source.batches(rows=PIECE):
        encoded = _plain(batch.column(column)).dictionary_encode(null_encoding="encode")
        values = encoded.dictionary.to_pylist()
        taken = np.array([_key(value, sampling.seed) in counts for value in values], dtype=bool)
        yield batch.filter(pa.array(taken[encoded.indices.to_numpy(zero_copy_only=False)]))


def _first_sorted(source: Source, sampling: Sampling) -> Iterator[pa.RecordBatch]:
    """Keep the best rows seen so far; of equal ones, those that come first."""
    column, wanted = str(sampling.column), sampling.rows or 0
    order = "descending" if sampling.descending else "ascending"
    best = source.schema.empty_table()
    for batch in source.batches(rows=max(PIECE, min(wanted, 1 << 20))):
        joined = pa.concat_tables([best, pa.Table.from_batches([batch])])
        keys = pa.table({"key": _plain(joined.column(column)), "row": np.arange(len(joined))})
        try:
            places = pc.sort_indices(keys, sort_keys=[("key", order), ("row", "ascending")])
        except pa.ArrowException as exc:
            raise errors.Invalid(
                f"column {column!r} of {source.name} has no order to sort by ({exc})"
            ) from exc
        best = joined.take(places[:wanted]).combine_chunks()
    yield from best.to_batches()


class _Smallest:
    """The positions of the rows with the smallest random numbers."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._numbers: np.ndarray[Any, np.dtype[np.float64]] = np.empty(0)
        self._positions: Positions = np.empty(0, np.int64)

    def add(self, numbers: np.ndarray[Any, np.dtype[np.float64]], positions: Positions) -> None:
        """Consider some rows."""
        numbers = np.concatenate([self._numbers, numbers])
        positions = np.concatenate([self._positions, positions])
        if len(numbers) > self._count:
            kept = np.argpartition(numbers, self._count - 1)[: self._count]
            numbers, positions = numbers[kept], positions[kept]
        self._numbers, self._positions = numbers, positions

    def positions(self) -> Positions:
        """The rows that are taken."""
        return np.sort(self._positions)


def _numbered(source: Source, columns: list[str]) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Batches with the position of their first row."""
    first = 0
    for batch in source.batches(rows=PIECE, columns=columns):
        yield first, batch
        first += batch.num_rows


def _at(source: Source, positions: Positions) -> Iterator[pa.RecordBatch]:
    """The rows at some positions."""
    start = 0
    for batch in source.batches(rows=PIECE):
        end = np.searchsorted(positions, positions.dtype.type(start + batch.num_rows))
        here = positions[np.searchsorted(positions, start) : end] - start
        yield batch.take(pa.array(here))
        start += batch.num_rows


def _plain(array: Any) -> Any:
    """A column of values, not of codes."""
    return pc.cast(array, array.type.value_type) if pa.types.is_dictionary(array.type) else array


def _numbers(seed: int) -> np.random.Generator:
    """Random numbers that data which were made up with the same seed do not hold already."""
    return np.random.default_rng((seed, int.from_bytes(b"sample")))


def _key(value: object, seed: int) -> bytes:
    return hashlib.blake2b(f"{seed}:{value!r}".encode(), digest_size=8).digest()


METHODS: dict[str, Callable[[Source, Sampling], Iterator[pa.RecordBatch]]] = {
    "none": _all,
    "first": _first,
    "random_ratio": _random_ratio,
    "random_count": _random_count,
    "column_values": _column_values,
    "rebalance_ratio": _rebalance,
    "rebalance_count": _rebalance,
    "first_sorted": _first_sorted,
}
