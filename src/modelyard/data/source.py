"""What can be read: a table as a stream of Arrow record batches."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence

import pyarrow as pa


class Source(ABC):
    """A table that can be read again and again, in the same order each time."""

    name: str
    """The dataset's name, or the path that was given."""
    schema: pa.Schema
    fingerprint: str | None
    """Changes when the content or the way it is read does; None where that is unknown (SQL)."""

    @abstractmethod
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
            Invalid: a column is not there, or the data is damaged; says file, line and column.
        """

    @abstractmethod
    def count(self) -> int | None:
        """Give the number of rows where that is cheap to know, else None."""
