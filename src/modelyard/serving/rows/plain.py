"""Columns as lists of Python's own values."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.types as pat


def plain_values(column: pa.ChunkedArray | pa.Array) -> list[Any]:
    """The values of a column; times of nanoseconds are cut to microseconds, as Python has them."""
    kind = column.type
    if pat.is_timestamp(kind) and kind.unit == "ns":
        column = column.cast(pa.timestamp("us", kind.tz), safe=False)
    elif pat.is_duration(kind) and kind.unit == "ns":
        column = column.cast(pa.duration("us"), safe=False)
    found: list[Any] = column.to_pylist()
    return found
