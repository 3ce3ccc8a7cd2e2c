"""What can be read: a table as a stream of Arrow record batches."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa

from modelyard.data.schemas import require_columns


class Source(ABC):
    """A table that can be read again and again, in the same order each time."""

    def __init__(self, name: str, schema: pa.Schema, fingerprint: str | None) -> None:
        self.name = name
        """The dataset's name, or the path that was given."""
        self.schema = schema
        self.fingerprint = fingerprint
        """Changes when the content or the way it is read does; None where that is unknown (SQL)."""

    def batches(
        self, *, rows: int, columns: Sequence[str] | None = None, skip: int = 0
    ) -> Iterator[pa.RecordBatch]:
        """Read as record batches of exactly `rows` rows, the last one shorter.

        Args:
            rows: rows per batch.
            columns: names of the columns wanted, in this order; None: all.
            skip: rows to pass over at the start.

        Raises:
            NotFound: the data is gone.
            Invalid: a column is not there, or the data is damaged; says file, row and column.
        """
        names = self.schema.names if columns is None else list(columns)
        require_columns(names, self.schema.names, self.name)
        return exactly(self._stream(names, rows), rows=rows, skip=skip)

    @abstractmethod
    def count(self) -> int | None:
        """Give the number of rows where that is cheap to know, else None."""

    def one_parquet_file(self) -> Path | None:
        """The file that holds just this table, as it is read; None: it is something else."""
        return None

    @abstractmethod
    def _stream(self, columns: list[str], rows: int) -> Iterator[pa.RecordBatch]:
        """Read as batches of any length, about `rows`, of these columns in this order."""


def exactly(
    batches: Iterable[pa.RecordBatch], *, rows: int, skip: int = 0
) -> Iterator[pa.RecordBatch]:
    """Cut a stream into batches of exactly `rows` rows, the last one shorter."""
    parts: list[pa.RecordBatch] = []
    missing = rows
    for batch in batches:
        start = min(skip, batch.num_rows)
        skip -= start
        while start < batch.num_rows:
            part = batch.slice(start, missing)
            parts.append(part)
            start += part.num_rows
            missing -= part.num_rows
            if not missing:
                yield _joined(parts)
                parts, missing = [], rows
    if parts:
        yield _joined(parts)


def _joined(parts: list[pa.RecordBatch]) -> pa.RecordBatch:
    return parts[0] if len(parts) == 1 else pa.concat_batches(parts)
