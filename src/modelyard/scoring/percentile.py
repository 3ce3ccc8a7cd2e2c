"""The rank of a probability among all rows of a run, in constant memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from modelyard import errors
from modelyard.scoring.columns import PERCENTILE

# Bits of a 32-bit float sort like the float itself when it is not negative. Dropping the last
# eight leaves 4 million bins, each 0.003 % wide or less: far finer than a hundred ranks need.
_DROPPED_BITS = 8
_BINS = (int(np.array(1, np.float32).view(np.uint32)) >> _DROPPED_BITS) + 1


class Ranks:
    """Counts probabilities; then tells which share of them is not larger than a given one."""

    def __init__(self) -> None:
        self._counts = np.zeros(_BINS, np.int64)
        self._upto: npt.NDArray[np.int64] | None = None

    def add(self, probabilities: pa.ChunkedArray) -> None:
        """Count probabilities; missing ones are passed over."""
        known = _numbers(probabilities)
        np.add.at(self._counts, _bins(known[~np.isnan(known)]), 1)

    def percentiles(self, probabilities: pa.ChunkedArray) -> pa.Array:
        """Percentile of each probability among all that were counted.

        Returns:
            int32, 1 to 100: the share in percent, rounded up, of the counted probabilities that
            are not larger; null where the probability is missing. 100 is the largest.
        """
        if self._upto is None:
            self._upto = np.cumsum(self._counts)
        numbers = _numbers(probabilities)
        missing = np.isnan(numbers)
        upto = self._upto[_bins(np.where(missing, 0, numbers))]
        total = max(1, int(self._upto[-1]))
        return pa.array((-(-100 * upto // total)).astype(np.int32), mask=missing)


def _numbers(probabilities: pa.ChunkedArray) -> npt.NDArray[np.float64]:
    found: npt.NDArray[np.float64] = probabilities.cast(pa.float64()).to_numpy()
    return found


def _bins(probabilities: npt.NDArray[np.float64]) -> npt.NDArray[np.intp]:
    bits = np.clip(probabilities, 0, 1).astype(np.float32).view(np.uint32)
    return (bits >> _DROPPED_BITS).astype(np.intp)


class Spool:
    """Rows that wait in a file until the percentile of every one of them can be known.

    While they wait, the percentile's column holds the probability.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._ranks = Ranks()
        self._writer: pa.ipc.RecordBatchStreamWriter | None = None

    @staticmethod
    def ranked_schema(schema: pa.Schema) -> pa.Schema:
        """The schema of the rows with their percentiles."""
        return schema.set(schema.get_field_index(PERCENTILE), pa.field(PERCENTILE, pa.int32()))

    @contextmanager
    def opened(self, schema: pa.Schema) -> Iterator[None]:
        """Take rows of a schema until the block is left; then they are gone."""
        with self._translated():
            file = pa.OSFile(str(self._path), "wb")
            self._writer = pa.ipc.new_stream(file, schema)
        try:
            yield
        finally:
            file.close()
            self._path.unlink(missing_ok=True)

    def add(self, table: pa.Table) -> None:
        """Let rows wait; Failed if the disk is full."""
        assert self._writer is not None  # noqa: S101  `opened` comes first
        self._ranks.add(table[PERCENTILE])
        with self._translated():
            self._writer.write_table(table)

    def ranked(self) -> Iterator[pa.Table]:
        """All rows with their percentiles, in the order they came."""
        assert self._writer is not None  # noqa: S101  `opened` comes first
        with self._translated():
            self._writer.close()
        with pa.OSFile(str(self._path)) as file, pa.ipc.open_stream(file) as reader:
            for batch in reader:
                table = pa.Table.from_batches([batch])
                position = table.schema.get_field_index(PERCENTILE)
                ranks = self._ranks.percentiles(table[PERCENTILE])
                yield table.set_column(position, PERCENTILE, ranks)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except OSError as exc:
            raise errors.Failed(
                f"rows cannot wait for their percentiles in {self._path.parent}: {exc}"
            ) from exc
