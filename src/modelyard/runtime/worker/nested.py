"""Cells that hold arrays, objects or maps, read and checked by the signature's nested types."""

from __future__ import annotations

import base64
import datetime as dt
import json
import math
from typing import Any, Callable, Dict, List, Optional, Tuple

import numpy as np
import pyarrow as pa
import pyarrow.types as pat

from .columns import Column

Spec = Dict[str, Any]
"""A type as MLflow writes it: {"type": "array", "items": ...}, {"type": "object", "properties":
...}, {"type": "map", "values": ...}, or {"type": "long"} and the like."""

NESTED = ("array", "object", "map")


def holds(table: pa.Table) -> bool:
    """Whether a table is one column of nested values, or of text that may hold them as JSON."""
    if table.num_columns != 1:
        return False
    kind = table.schema.field(0).type
    return bool(pat.is_nested(kind) or pat.is_string(kind) or pat.is_large_string(kind))


class Misfit(Exception):
    """A value is not what its type says; `path` leads to it."""

    def __init__(self, path: str, value: Any, expected: str) -> None:
        super().__init__(f"{path or 'it'} is {value!r}, expected {expected}")


def convert_nested(name: str, column: pa.ChunkedArray, spec: Spec) -> Tuple[Column, List[str]]:
    """Read a nested column; JSON text is parsed, since flat files hold nested values so.

    Returns:
        The column (objects), and for each row why it is bad, or an empty string.
    """
    cells = column.to_pylist()
    text = pat.is_string(column.type) or pat.is_large_string(column.type)
    notes = [f"column {name!r} is text; it was read as JSON"] if text else []
    values = np.empty(len(cells), dtype=object)
    reasons = [""] * len(cells)
    for row, cell in enumerate(cells):
        try:
            values[row] = check(json.loads(cell) if text and cell is not None else cell, spec)
        except (Misfit, ValueError) as exc:
            reasons[row] = f"column {name!r}: {exc}"
    bad = np.array([bool(reason) for reason in reasons])
    return Column(values, bad, notes), reasons


def check(value: Any, spec: Spec, path: str = "") -> Any:
    """Return the value as the type wants it.

    Raises:
        Misfit: it does not fit.
    """
    kind = spec["type"]
    if value is None or (isinstance(value, float) and math.isnan(value) and kind in NESTED):
        if spec.get("required", True):
            raise Misfit(path, None, kind)
        return None
    if kind == "array":
        if not isinstance(value, list):
            raise Misfit(path, value, "an array")
        return [check(item, spec["items"], f"{path}[{at}]") for at, item in enumerate(value)]
    if kind == "map":
        return _map(value, spec, path)
    if kind == "object":
        return _object(value, spec, path)
    return _scalar(value, kind, path)


def _map(value: Any, spec: Spec, path: str) -> Dict[str, Any]:
    if isinstance(value, list) and all(isinstance(item, tuple) for item in value):
        value = dict(value)  # Arrow gives a map as pairs
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise Misfit(path, value, "a map with text keys")
    return {key: check(item, spec["values"], f"{path}.{key}") for key, item in value.items()}


def _object(value: Any, spec: Spec, path: str) -> Dict[str, Any]:
    properties: Dict[str, Spec] = spec["properties"]
    if not isinstance(value, dict):
        raise Misfit(path, value, "an object with " + ", ".join(properties))
    unknown = sorted(set(value) - set(properties))
    if unknown:
        raise Misfit(f"{path}.{unknown[0]}", value[unknown[0]], "no such property")
    found = {}
    for key, inner in properties.items():
        if value.get(key) is None and not inner.get("required", True):
            continue  # Arrow gives every object every property; MLflow leaves absent ones out
        found[key] = check(value.get(key), inner, f"{path}.{key}")
    return found


def _scalar(value: Any, kind: str, path: str) -> Any:
    read = READERS.get(kind)
    if read is None:
        return value  # "any"
    found = read(value)
    if found is None:
        raise Misfit(path, value, kind)
    return found


def _whole(value: Any) -> Optional[int]:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return int(value) if math.isfinite(value) and value == int(value) else None


def _number(value: Any) -> Optional[float]:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if is_number else None


def _time(value: Any) -> Optional[dt.datetime]:
    if isinstance(value, str):
        try:
            return dt.datetime.fromisoformat(value)
        except ValueError:
            return None
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return dt.datetime(value.year, value.month, value.day)  # noqa: DTZ001  naive as sent
    return value if isinstance(value, dt.datetime) else None


def _bytes(value: Any) -> Optional[bytes]:
    if isinstance(value, str):
        try:
            return base64.b64decode(value, validate=True)
        except ValueError:
            return None
    return value if isinstance(value, bytes) else None


READERS: Dict[str, Callable[[Any], Any]] = {
    "boolean": lambda value: value if isinstance(value, bool) else None,
    "integer": _whole,
    "long": _whole,
    "float": _number,
    "double": _number,
    "string": lambda value: value if isinstance(value, str) else None,
    "binary": _bytes,
    "datetime": _time,
}
