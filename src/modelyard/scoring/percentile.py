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

# Bits of a 32-bit float sort like the float itself when it is not negative. Without the last ten
# they make two million bins, each 0.02 % wide or less: seen from 0 up to a half, from 1 above.
_DROPPED_BITS = 10
_HALF = int(np.array(0.5, np.float32).view(np.uint32)) >> _DROPPED_BITS
_BINS = 2 * _HALF + 1


class Ranks:
    """Counts probabilities; then tells which share of them is not larger than a given one."""

    def __init__(self) -> None:
        self._counts = np.zeros(_BINS, np.int64)
        self._summed = False

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
        if not self._summed:
            np.cumsum(self._counts, out=self._counts)
            self._summed = True
        numbers = _numbers(probabilities)
        missing = np.isnan(numbers)
        upto = self._counts[_bins(np.where(missing, 0, numbers))]
        total = max(1, int(self._counts[-1]))
        return pa.array((-(-100 * upto // total)).astype(np.int32), mask=missing)


def _numbers(probabilities: pa.ChunkedArray) -> npt.NDArray[np.float64]:
    found: npt.NDArray[np.float64] = probabilities.cast(pa.float64()).to_numpy()
    return found


def _bins(probabilities: npt.NDArray[np.float64]) -> npt.NDArray[np.intp]:
    inside = np.clip(probabilities, 0, 1)
    nearest = np.minimum(inside, 1 - inside).astype(np.float32).view(np.uint32) >> _DROPPED_BITS
    steps = nearest.astype(np.intp)
    return np.where(inside <= 0.5, steps, 2 * _HALF - steps)


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
