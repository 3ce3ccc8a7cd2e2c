"""Values that database drivers give, as Arrow arrays."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pyarrow as pa


def array_of(values: Sequence[Any], kind: pa.DataType) -> pa.Array[Any]:
    """Values as an array of a type, or of a type that `conform` can bring to it."""
    if pa.types.is_string(kind):
        return _texts(values)
    if pa.types.is_temporal(kind) and any(isinstance(value, int | float) for value in values):
        return _texts(values)  # Arrow would take a number for microseconds since 1970
    try:
        return pa.array(values, type=kind)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        return natural(values)


def natural(values: Sequence[Any]) -> pa.Array[Any]:
    """Values as an array of the type they have; as texts where they have several."""
    try:
        array = pa.array(values)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        return _texts(values)
    return _texts(values) if pa.types.is_struct(array.type) else array


def _texts(values: Sequence[Any]) -> pa.Array[Any]:
    return pa.array([_text(value) for value in values], pa.string())


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def wider(one: pa.DataType, other: pa.DataType) -> pa.DataType:
    """The type that holds values of both."""
    try:
        schemas = [pa.schema([("value", kind)]) for kind in (one, other)]
        return pa.unify_schemas(schemas, promote_options="permissive").field("value").type
    except pa.ArrowException:
        return pa.string()
