"""Rows of a table with one column taken from other rows, sent to a model in few large calls."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from modelyard.analysis.arrays import Floats, Ints

Ask = Callable[[Iterable[pa.Table]], Iterable[Floats]]
"""Answers tables in their order: numbers for each of their rows, NaN where there are none."""
CELLS = 2_000_000
"""How many a call has at most, unless a single row has more."""


@dataclass(frozen=True)
class Exchange:
    """Some rows of a table, a column of which holds what it holds in other rows.

    Args:
        rows: positions of the rows.
        column: name of the column; none: they are as they are.
        sources: positions of the rows whose values it takes.
    """

    rows: Ints
    column: str | None = None
    sources: Ints | None = None

    def part(self, start: int, end: int) -> Exchange:
        """Some of them."""
        sources = None if self.sources is None else self.sources[start:end]
        return Exchange(self.rows[start:end], self.column, sources)


def answered(
    table: pa.Table, exchanges: Iterable[Exchange], ask: Ask, *, cells: int = CELLS
) -> Iterator[tuple[Exchange, Floats]]:
    """Each exchange with what the model answers to its rows, whichever calls they were part of.

    Args:
        table: the rows as they are.
        exchanges: of at least one row each; they are made while earlier ones are answered.
        ask: the model.
        cells: how many a call may have.
    """
    waiting: deque[Exchange] = deque()

    def noted() -> Iterator[Exchange]:
        for exchange in exchanges:
            waiting.append(exchange)
            yield exchange

    held: list[Floats] = []
    for answers in ask(_calls(table, noted(), cells)):
        held.append(answers)
        while waiting and sum(map(len, held)) >= len(waiting[0].rows):
            together = held[0] if len(held) == 1 else np.concatenate(held)
            exchange = waiting.popleft()
            size = len(exchange.rows)
            held = [together[size:]]
            yield exchange, together[:size]


def _calls(table: pa.Table, exchanges: Iterable[Exchange], cells: int) -> Iterator[pa.Table]:
    """The tables to be asked for, as large as they may be."""
    table = table.combine_chunks()
    room = max(1, cells // max(1, table.num_columns))
    parts: list[Exchange] = []
    left = room
    for exchange in exchanges:
        start, size = 0, len(exchange.rows)
        while start < size:
            end = min(start + left, size)
            parts.append(exchange.part(start, end))
            left -= end - start
            start = end
            if not left:
                yield _exchanged(table, parts)
                parts, left = [], room
    if parts:
        yield _exchanged(table, parts)


def _exchanged(table: pa.Table, parts: Sequence[Exchange]) -> pa.Table:
    rows = np.concatenate([part.rows for part in parts])
    places = dict.fromkeys(table.column_names, rows)
    start = 0
    for part in parts:
        end = start + len(part.rows)
        if part.column is not None:
            if places[part.column] is rows:
                places[part.column] = rows.copy()
            places[part.column][start:end] = part.sources
        start = end
    columns = [table[name].take(pa.array(places[name])) for name in table.column_names]
    return pa.table(columns, names=table.column_names)


def value_codes(column: pa.ChunkedArray) -> Ints:
    """Equal numbers for equal values; missing ones are alike. Lists and the like all differ."""
    if column.type.num_fields:
        return np.arange(len(column), dtype=np.int64)
    encoded: Any = column.combine_chunks()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = pa.concat_arrays(encoded.chunks) if encoded.chunks else pa.array([], column.type)
    if isinstance(encoded, pa.DictionaryArray):
        encoded = encoded.cast(encoded.type.value_type)
    codes = encoded.dictionary_encode().indices.fill_null(-1)
    found: Ints = codes.to_numpy(zero_copy_only=False).astype(np.int64)
    return found
