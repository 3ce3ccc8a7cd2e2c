"""One side of a comparison, read column by column."""

from __future__ import annotations

from typing import Protocol

import pyarrow as pa


class Rows(Protocol):
    """Rows that are on disk or in memory; a column at a time is held."""

    @property
    def schema(self) -> pa.Schema:
        """Names and types of the columns."""

    @property
    def count(self) -> int:
        """How many rows there are."""

    def column(self, name: str) -> pa.ChunkedArray:
        """All values of a column; strings may be dictionary-encoded."""


class TableRows:
    """Rows of a table in memory."""

    def __init__(self, table: pa.Table) -> None:
        self.table = table

    @property
    def schema(self) -> pa.Schema:
        """Names and types of the columns."""
        return self.table.schema

    @property
    def count(self) -> int:
        """How many rows there are."""
        return int(self.table.num_rows)

    def column(self, name: str) -> pa.ChunkedArray:
        """All values of a column."""
        return self.table[name]
