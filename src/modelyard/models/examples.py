"""Rows to try a model on: its own input example, rows made up from its signature, edge rows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.types as pat

from modelyard import errors
from modelyard.models.example_rows import example_columns, read_cells
from modelyard.models.plain_yaml import NotPlain, load_plain
from modelyard.models.types import ModelFile, RowsFrom
from modelyard.runtime.types import InputColumn, InputTensor, ModelInputs

LARGEST = 64 << 20
"""Bytes of an input example that are read."""
MOST_EDGES = 64
WIDEST_TENSOR = 500
"""A flat tensor of up to so many values is made up as one column per value."""

SAMPLES: dict[str, tuple[pa.DataType, tuple[Any, ...]]] = {
    "boolean": (pa.bool_(), (True, False)),
    "integer": (pa.int32(), (1, 2, 3)),
    "long": (pa.int64(), (1, 2, 3)),
    "float": (pa.float32(), (1.0, 0.5, 2.0)),
    "double": (pa.float64(), (1.0, 0.5, 2.0)),
    "any": (pa.float64(), (1.0, 0.5, 2.0)),
    "string": (pa.string(), ("a", "b", "c")),
    "binary": (pa.binary(), (b"a", b"b")),
    "datetime": (
        pa.timestamp("us"),
        (datetime(2024, 1, 31), datetime(2023, 6, 15, 12, 30)),  # noqa: DTZ001  MLflow has no zones
    ),
}
ZERO, NEGATIVE, LARGE = "zero", "negative", "large"
UNSEEN = "a value never seen before, ünïcödé 数"
FAR_DATE = datetime(2100, 12, 31)  # noqa: DTZ001  MLflow has no zones


def read_input_example(folder: Path, model_file: ModelFile) -> pa.Table | None:
    """The rows that were saved with the model as its input example; None if there are none.

    Tensors come as one list column per tensor, called by its name or `input`.

    Raises:
        Invalid: the MLmodel file names an example that is damaged, too large or outside the folder.
    """
    if model_file.input_example is None:
        return None
    path = folder / model_file.input_example
    if not path.resolve().is_relative_to(folder.resolve()):
        raise errors.Invalid(f"the input example {model_file.input_example} is outside {folder}")
    if not path.is_file() or path.suffix != ".json":
        return None
    if path.stat().st_size > LARGEST:
        raise errors.Invalid(f"the input example {path.name} has more than {LARGEST >> 20} MiB")
    inputs = model_file.inputs or ModelInputs()
    try:
        found = json.loads(path.read_bytes())
        columns = example_columns(found, _about(folder), inputs)
        return None if columns is None else pa.table(read_cells(columns, inputs))
    except (ValueError, TypeError, LookupError, RecursionError, pa.ArrowException) as exc:
        raise errors.Invalid(
            f"the input example {path.name} is damaged ({exc}); repair it, or take it out of the "
            "MLmodel file (saved_input_example_info)"
        ) from exc


def _about(folder: Path) -> dict[str, Any]:
    """What the MLmodel file says of the example's form."""
    try:
        mlmodel = load_plain((folder / "MLmodel").read_bytes())
    except (OSError, NotPlain):
        return {}
    about = mlmodel.get("saved_input_example_info") if isinstance(mlmodel, dict) else None
    return about if isinstance(about, dict) else {}


def only_inputs(table: pa.Table, inputs: ModelInputs) -> pa.Table:
    """The columns that a model is given: a dataset may hold more, such as what it predicts."""
    taken = {column.name for column in inputs.columns}
    names = [name for name in table.column_names if name in taken]
    return table.select(names) if names else table


def made_up(inputs: ModelInputs, rows: int = 1) -> tuple[pa.Table, RowsFrom]:
    """Rows made up from a signature; one without columns or tensors allows none."""
    if inputs.columns or inputs.tensors:
        return synthesize_rows(inputs, rows), "signature"
    return pa.table({}), "none"


def synthesize_rows(inputs: ModelInputs, rows: int = 1) -> pa.Table:
    """Rows that the inputs allow, with nothing special about them; always the same."""
    arrays: dict[str, pa.Array] = {}
    for column in inputs.columns:
        arrays[column.name] = _made_up(column, rows)
    if inputs.columns:
        return pa.table(arrays)
    for tensor in inputs.tensors:
        arrays |= _tensor_columns(tensor, rows)
    return pa.table(arrays)


def _made_up(column: InputColumn, rows: int) -> pa.Array:
    if column.categories:
        return pa.array([column.categories[at % len(column.categories)] for at in range(rows)])
    if column.type in SAMPLES:
        kind, values = SAMPLES[column.type]
        return pa.array([values[at % len(values)] for at in range(rows)], kind)
    value, _ = _nested(column.type)
    return pa.array([value] * rows)


def _nested(text: str) -> tuple[Any, str]:
    """A value of a type such as `array(object(a: long))`, and what follows it in the text."""
    for word, opened in (("array(", True), ("map(", True), ("object(", False)):
        if text.startswith(word):
            rest = text[len(word) :]
            if opened:
                value, rest = _nested(rest)
                return [value] if word == "array(" else {"key": value}, rest[1:]
            fields = {}
            while rest and not rest.startswith(")"):
                name, _, rest = rest.partition(": ")
                fields[name], rest = _nested(rest)
                rest = rest.removeprefix(", ")
            return fields, rest[1:]
    end = next((at for at, letter in enumerate(text) if letter in ",)"), len(text))
    _, values = SAMPLES.get(text[:end], SAMPLES["any"])
    return values[0], text[end:]


def _tensor_columns(tensor: InputTensor, rows: int) -> dict[str, pa.Array]:
    sizes = tensor.shape[1:]
    flat = len(sizes) == 1 and 0 < sizes[0] <= WIDEST_TENSOR
    if tensor.name is None and flat:
        return {str(at): pa.array([_filled(tensor, ())] * rows) for at in range(sizes[0])}
    return {tensor.name or "input": pa.array([_filled(tensor, sizes)] * rows)}


def _filled(tensor: InputTensor, sizes: tuple[int, ...]) -> Any:
    """One row of a tensor, as nested lists; a dimension that is open gets two values."""
    value: Any = 1
    if tensor.dtype.startswith("float"):
        value = 1.0
    elif tensor.dtype.startswith("bool"):
        value = True
    elif tensor.dtype.startswith(("object", "str", "U", "S", "bytes")):
        value = "a"
    for size in reversed(sizes):
        value = [value] * (2 if size < 0 else size)
    return value


def edge_rows(table: pa.Table, inputs: ModelInputs) -> pa.Table:
    """Unusual rows made of the first one: zero, negative, large, never seen, empty and missing.

    First come rows with all columns changed in the same way, then rows with one column changed;
    at most 64. Missing values are only put where the inputs allow them. The table's schema is kept.
    """
    if not table.num_rows:
        return table.slice(0, 0)
    first = table.slice(0, 1).to_pylist()[0]
    wanted = {column.name: column for column in inputs.columns}
    changes = {
        name: _changes(kind, wanted.get(name), first[name])
        for name, kind in zip(table.column_names, table.schema.types, strict=True)
        if name in wanted or not wanted
    }
    rows = islice(_changed_rows(first, changes), MOST_EDGES)
    return pa.Table.from_pylist(list(rows), schema=table.schema)


def _changed_rows(
    first: dict[str, Any], changes: dict[str, dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    ways = dict.fromkeys(way for values in changes.values() for way in values)
    for way in ways:
        yield first | {name: values[way] for name, values in changes.items() if way in values}
    for name, values in changes.items():
        for value in values.values():
            yield first | {name: value}


def _changes(kind: pa.DataType, column: InputColumn | None, usual: Any) -> dict[str, Any]:
    """The unusual values of a column, by what is unusual about them."""
    if isinstance(usual, list):
        while _is_list(kind):
            kind = kind.value_type
        return {way: _everywhere(usual, v) for way, v in _changes(kind, None, None).items()}
    values: dict[str, Any] = {}
    if column is not None and not column.required:
        values["missing"] = None
    if column is not None and column.categories:
        return values | {"last category": _cell(column.categories[-1], kind)}
    if pat.is_boolean(kind):
        return values | {ZERO: False, LARGE: True}
    if pat.is_floating(kind):
        return values | {ZERO: 0.0, NEGATIVE: -1.0, LARGE: 1e9}
    if pat.is_integer(kind):
        unsigned = {} if pat.is_unsigned_integer(kind) else {NEGATIVE: -1}
        return values | {ZERO: 0, **unsigned, LARGE: min(10**9, 2 ** (kind.bit_width - 1) - 1)}
    if pat.is_string(kind) or pat.is_large_string(kind):
        return values | {"unseen": UNSEEN, "empty": ""}
    if pat.is_timestamp(kind) or pat.is_date(kind):
        return values | {LARGE: FAR_DATE.date() if pat.is_date(kind) else FAR_DATE}
    return values


def _is_list(kind: pa.DataType) -> bool:
    return bool(pat.is_list(kind) or pat.is_large_list(kind) or pat.is_fixed_size_list(kind))


def _everywhere(usual: Any, value: Any) -> Any:
    """The same nested lists with another value in all places."""
    return [_everywhere(item, value) for item in usual] if isinstance(usual, list) else value


def _cell(label: Any, kind: pa.DataType) -> Any:
    """A category as a cell of the column as it was sent."""
    return str(label) if pat.is_string(kind) or pat.is_large_string(kind) else label
