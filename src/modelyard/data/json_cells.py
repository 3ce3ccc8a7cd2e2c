"""Cells of tables as JSON has them."""

from __future__ import annotations

import base64
import math
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
from pydantic import JsonValue


def json_columns(table: pa.Table) -> list[list[JsonValue]]:
    """The columns of a table, each as a list of JSON values."""
    return [[json_value(value) for value in column.to_pylist()] for column in table.columns]


def json_rows(table: pa.Table) -> list[dict[str, JsonValue]]:
    """The rows of a table, each with its values by column name."""
    names = table.column_names
    return [
        dict(zip(names, row, strict=True)) for row in zip(*json_columns(table), strict=True)
    ] or [{} for _ in range(table.num_rows)]


def json_value(value: Any) -> JsonValue:
    """A cell: what is not finite is null, bytes are base64, moments are ISO 8601."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Decimal | timedelta):
        return str(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, dict):
        return {str(key): json_value(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [json_value(each) for each in value]
    return value if isinstance(value, bool | int | str) else None
