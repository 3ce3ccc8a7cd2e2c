"""Rows to try a model on: its own input example, rows made up from its signature, edge rows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.types as pat

from modelyard import errors
from modelyard.models.types import ModelFile
from modelyard.runtime.types import InputColumn, InputTensor, ModelInputs

LARGEST = 64 << 20
"""Bytes of an input example that are read."""
PARAMS = ("__mlflow_params", "params")
SAMPLES: dict[str, tuple[pa.DataType, Any]] = {
    "boolean": (pa.bool_(), True),
    "integer": (pa.int32(), 1),
    "long": (pa.int64(), 1),
    "float": (pa.float32(), 1.0),
    "double": (pa.float64(), 1.0),
    "string": (pa.string(), "a"),
    "binary": (pa.binary(), b"a"),
    "datetime": (pa.timestamp("us"), datetime(2024, 1, 1)),  # noqa: DTZ001  MLflow's have no zone
}
EDGES: dict[str, tuple[Any, ...]] = {
    "integer": (0, -1, 2**31 - 1),
    "long": (0, -1, 2**53),
    "float": (0.0, -1.0, 1e30),
    "double": (0.0, -1.0, 1e100),
    "string": ("", "never seen before", "ünïcödé 数"),
    "boolean": (False, True),
}


def read_input_example(folder: Path, model_file: ModelFile) -> pa.Table | None:
    """The rows that were saved with the model as its input example.

    Raises:
        Invalid: the MLmodel file names an example that is damaged or too large.
    """
    if model_file.input_example is None:
        return None
    path = folder / model_file.input_example
    if not path.is_file() or path.suffix != ".json":
        return None
    if path.stat().st_size > LARGEST:
        raise errors.Invalid(f"the input example {path.name} has more than {LARGEST >> 20} MiB")
    try:
        found = json.loads(path.read_text("utf-8"))
        return _table(found, model_file.inputs or ModelInputs())
    except (ValueError, TypeError, KeyError, AttributeError, pa.ArrowException) as exc:
        raise errors.Invalid(f"the input example {path.name} is damaged: {exc}") from exc


def _table(found: Any, inputs: ModelInputs) -> pa.Table | None:
    if isinstance(found, dict):
        for key in ("dataframe_split", "dataframe_records", "inputs", "instances", "input"):
            if key in found and set(found) <= {key, *PARAMS}:
                return _table(found[key], inputs)
        if set(found) <= {"columns", "index", "data"} and "data" in found:
            names = found.get("columns") or range(len(found["data"][0]))
            columns = zip(*found["data"], strict=True)
            return _columns({str(n): list(c) for n, c in zip(names, columns, strict=True)}, inputs)
        rows = {name: v if isinstance(v, list) else [v] for name, v in found.items()}
        return _columns(rows, inputs) if len({len(v) for v in rows.values()}) == 1 else None
    if isinstance(found, list) and found:
        if all(isinstance(row, dict) for row in found):
            names = {name: None for row in found for name in row}
            return _columns({name: [row.get(name) for row in found] for name in names}, inputs)
        if inputs.tensors:
            return _columns({inputs.tensors[0].name or "0": found}, inputs)
        if all(isinstance(row, list) for row in found):
            names = [column.name for column in inputs.columns] or range(len(found[0]))
            columns = zip(*found, strict=True)
            return _columns({str(n): list(c) for n, c in zip(names, columns, strict=True)}, inputs)
        name = inputs.columns[0].name if inputs.columns else "0"
        return _columns({name: found}, inputs)
    return None


def _columns(cells: Mapping[str, Sequence[Any]], inputs: ModelInputs) -> pa.Table:
    types = {column.name: SAMPLES[column.type][0] for column in inputs.columns if _is_plain(column)}
    return pa.table({name: _array(values, types.get(name)) for name, values in cells.items()})


def _array(values: Sequence[Any], wanted: pa.DataType | None) -> pa.Array:
    """An array of the wanted type where the JSON values fit it, else of the type they have."""
    if wanted is not None and pat.is_timestamp(wanted):
        values = [_moment(value) for value in values]
    if wanted is not None and pat.is_binary(wanted):
        values = [value.encode() if isinstance(value, str) else value for value in values]
    try:
        return pa.array(values, wanted)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return pa.array(values)


def _moment(value: Any) -> Any:
    if isinstance(value, int | float):  # pandas writes milliseconds
        return datetime.fromtimestamp(value / 1000, UTC).replace(tzinfo=None)
    if isinstance(value, str):
        return datetime.fromisoformat(value).replace(tzinfo=None)
    return value


def _is_plain(column: InputColumn) -> bool:
    return column.type in SAMPLES


def synthesize_rows(inputs: ModelInputs, rows: int = 1) -> pa.Table:
    """Rows that the inputs allow, with nothing special about them."""
    arrays: dict[str, pa.Array] = {}
    for column in inputs.columns:
        kind, value = SAMPLES.get(column.type, SAMPLES["double"])
        if column.categories:
            arrays[column.name] = pa.array([column.categories[0]] * rows)
        else:
            arrays[column.name] = pa.array([value] * rows, kind)
    for at, tensor in enumerate(inputs.tensors):
        name = tensor.name or str(at)
        arrays[name] = pa.array([_filled(tensor) for _ in range(rows)])
    return pa.table(arrays)


def _filled(tensor: InputTensor) -> Any:
    """One row of a tensor: nested lists; a dimension that may be anything gets two values."""
    value: Any = "a" if tensor.dtype in {"object", "str"} else 1
    if tensor.dtype.startswith(("float", "bool")):
        value = True if tensor.dtype.startswith("bool") else 1.0
    for size in reversed(tensor.shape[1:]):
        value = [value] * (2 if size < 0 else size)
    return value


def edge_rows(table: pa.Table, inputs: ModelInputs) -> pa.Table:
    """The first row again and again, each time with one unusual value in one column.

    Zeros, negative, very large and never seen values, and missing ones where the inputs allow them:
    at most 64 rows.
    """
    first = table.slice(0, 1)
    made: list[pa.Table] = []
    for column in inputs.columns:
        if column.name in table.column_names and column.categories is None:
            kind = table.schema.field(column.name).type
            edges = list(EDGES.get(column.type, ()))
            if not column.required:
                edges.insert(0, None)
            made += [row for edge in edges if (row := _with(first, column.name, edge, kind))]
    return pa.concat_tables(made[:64]) if made and table.num_rows else table.slice(0, 0)


def _with(row: pa.Table, name: str, value: Any, kind: pa.DataType) -> pa.Table | None:
    try:
        cell = pa.array([value], kind)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
        return None  # the column as it was sent cannot hold such a value
    return row.set_column(row.column_names.index(name), row.schema.field(name), cell)
