"""A source cut into chunks: what is sent to a worker, checkpointed and written at a time."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice

import pyarrow as pa

from modelyard.data.access import Source

LEAST_ROWS = 1 << 14  # fewer are not worth a second worker
MOST_ROWS = 1 << 15  # more score no faster, workers end further apart, and a kill loses more
MEMORY = 96 << 20  # bytes of input that all chunks in flight may hold together
PIECE_ROWS, PIECE_CELLS = 1 << 12, 1 << 18  # what is read to learn how wide rows are
AHEAD = 2  # chunks per worker that are read before the oldest is written


@dataclass(frozen=True)
class Chunk:
    """Some rows of the input; `first` is the position of the first one, from 0."""

    number: int
    first: int
    table: pa.Table


def read_chunks(
    source: Source, columns: Sequence[str], *, rows: int | None, workers: int
) -> Generator[Chunk]:
    """Read a source as chunks of equal numbers of rows, the last one shorter.

    Args:
        source: what to read.
        columns: the columns wanted, in order.
        rows: rows per chunk; None: as many as their width and the number of workers allow.
        workers: how many chunks are scored at a time.
    """
    piece = rows or max(1, min(PIECE_ROWS, PIECE_CELLS // len(columns)))
    pieces = source.batches(rows=piece, columns=columns)
    with closing(pieces):  # type: ignore[type-var]
        head = next(pieces, None)
        if head is None:
            return
        group = 1 if rows else max(1, _fitting_rows(head, source.count(), workers) // piece)
        number = first = 0
        batches = [head, *islice(pieces, group - 1)]
        while batches:
            table = pa.Table.from_batches(batches)
            yield Chunk(number, first, table)
            number, first = number + 1, first + table.num_rows
            batches = list(islice(pieces, group))


def _fitting_rows(head: pa.RecordBatch, total: int | None, workers: int) -> int:
    width: int = max(1, head.nbytes // max(1, head.num_rows))
    rows = min(MOST_ROWS, MEMORY // ((AHEAD + 1) * workers * width))
    if total is not None:
        rows = min(rows, max(LEAST_ROWS, total // workers + PIECE_ROWS))
    return rows


def workers_needed(total: int | None, rows: int | None, workers: int) -> int:
    """How many of the workers have a chunk to score.

    Args:
        total: rows of the input, where known.
        rows: rows per chunk, where told.
        workers: how many there may be.
    """
    if total is None:
        return workers
    return max(1, min(workers, -(-total // (rows or LEAST_ROWS))))
