"""The rows of an evaluation that drift is computed from: not more than that stays quick."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

MOST_BYTES = 8_000_000
"""Of the file, compressed."""


def draw_for_drift(file: Path, target: Path, *, rows: int, seed: int) -> bool:
    """Write rows that are drawn at random, in their order, where the file has too many.

    Args:
        file: the scored rows.
        target: where those that were drawn are written.
        rows: how many at most, of at most `MOST_BYTES`; 0: all, whatever their size.
        seed: another one draws other rows.

    Returns:
        Whether it has too many; else nothing is written.
    """
    parquet = pq.ParquetFile(file)
    there = parquet.metadata.num_rows
    if not rows or (there <= rows and file.stat().st_size <= MOST_BYTES):
        return False
    count = min(rows, there)
    random = np.random.default_rng((seed, int.from_bytes(b"drift")))
    order = random.permutation(there)
    while True:
        _write(parquet, target, np.sort(order[:count]))
        size = target.stat().st_size
        if size <= MOST_BYTES or count == 1:
            return True
        count = max(1, min(count - 1, int(count * 0.95 * MOST_BYTES / size)))


def _write(parquet: pq.ParquetFile, target: Path, places: np.ndarray) -> None:
    start = 0
    with pq.ParquetWriter(target, parquet.schema_arrow) as writer:
        for batch in parquet.iter_batches():
            first, last = np.searchsorted(places, (start, start + batch.num_rows))
            if last > first:
                writer.write_batch(batch.take(pa.array(places[first:last] - start)))
            start += batch.num_rows
