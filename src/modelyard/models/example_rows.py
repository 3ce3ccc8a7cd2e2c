"""The forms in which MLflow writes input examples, as columns of cells."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa

from modelyard.runtime.types import ModelInputs

MOST_CELLS = 10_000_000
UNNAMED = "input"
"""What the one column of an example without names is called."""

_WRAPPERS = {"dataframe_split", "dataframe_records", "inputs", "instances"}

Columns = dict[str, list[Any]]


def example_columns(found: Any, about: Mapping[str, Any], inputs: ModelInputs) -> Columns | None:
    """The columns of an example that was parsed from JSON; None where it holds no rows.

    Args:
        found: the parsed file.
        about: `saved_input_example_info` of the MLmodel file; may be empty.
        inputs: what the signature declares; may be empty.

    Raises:
        ValueError: its parts do not fit each other.
    """
    if about.get("params") and isinstance(found, dict) and "inputs" in found:
        found = found["inputs"]
    kind = str(about.get("type", ""))
    if kind.startswith("sparse_matrix"):
        return _sparse(found, by_rows=kind.endswith("csr"))
    if isinstance(found, dict) and len(found) == 1 and _WRAPPERS & found.keys():
        found = next(iter(found.values()))
    if isinstance(found, dict) and "data" in found and set(found) <= {"columns", "index", "data"}:
        return _table(found["data"], found.get("columns"))
    if isinstance(found, list) and found and all(isinstance(row, dict) for row in found):
        names = dict.fromkeys(name for row in found for name in row)
        return {str(name): [row.get(name) for row in found] for name in names}
    if isinstance(found, dict):
        return _mapping(found, kind, inputs)
    if inputs.tensors or kind == "ndarray":
        return {(inputs.tensors[0].name if inputs.tensors else None) or UNNAMED: list(found)}
    if isinstance(found, list) and found and all(isinstance(row, list) for row in found):
        return _table(found, [column.name for column in inputs.columns] or None)
    name = inputs.columns[0].name if len(inputs.columns) == 1 else UNNAMED
    return {name: found if isinstance(found, list) else [found]}


def _table(rows: Sequence[Sequence[Any]], names: Sequence[Any] | None) -> Columns | None:
    if not rows:
        return None
    if names is None or len(names) != len(rows[0]):
        names = range(len(rows[0]))
    cells = zip(*rows, strict=True)
    return {str(name): list(column) for name, column in zip(names, cells, strict=True)}


def _mapping(found: Mapping[str, Any], kind: str, inputs: ModelInputs) -> Columns | None:
    """Named tensors, columns of equal length, or one row whose cells may hold lists."""
    nested = {column.name for column in inputs.columns if "(" in column.type}
    lists = [value for value in found.values() if isinstance(value, list)]
    by_column = kind == "ndarray" or bool(inputs.tensors) or (inputs.columns and not nested)
    if by_column and len(lists) == len(found) and len({len(value) for value in lists}) == 1:
        return {str(name): value for name, value in found.items()}
    return {str(name): [value] for name, value in found.items()} or None


def _sparse(found: Mapping[str, Any], *, by_rows: bool) -> Columns:
    """A sparse matrix, filled in."""
    rows, width = (int(size) for size in found["shape"])
    if rows * width > MOST_CELLS:
        raise ValueError(f"it has {rows} x {width} cells")
    dense = np.zeros((rows, width))
    for at, (start, end) in enumerate(pairwise(found["indptr"])):
        where = found["indices"][start:end]
        cells = (at, where) if by_rows else (where, at)
        dense[cells] = found["data"][start:end]
    return {UNNAMED: dense.tolist()}


def rows_table(rows: Sequence[Mapping[str, Any]], inputs: ModelInputs) -> pa.Table:
    """Rows of JSON values as a table, of the types that the signature declares.

    Raises:
        ValueError: a cell is not what its column is declared to be.
    """
    names = dict.fromkeys(name for row in rows for name in row)
    return pa.table(read_cells({name: [row.get(name) for row in rows] for name in names}, inputs))


def read_cells(columns: Columns, inputs: ModelInputs) -> dict[str, pa.Array]:
    """Arrow arrays of the types that the signature declares, where JSON has no such type.

    Raises:
        ValueError: a cell is not what its column is declared to be.
    """
    types = {column.name: column.type for column in inputs.columns}
    return {name: _column(name, cells, types.get(name)) for name, cells in columns.items()}


def _column(name: str, cells: list[Any], kind: str | None) -> pa.Array:
    try:
        return _array(cells, kind)
    except OverflowError as exc:  # a whole number beyond 64 bits, a moment beyond the calendar
        raise ValueError(f"the column {name!r} holds a number that is too large for it") from exc


def _array(cells: list[Any], kind: str | None) -> pa.Array:
    if kind == "binary":
        cells = [base64.b64decode(cell) if isinstance(cell, str) else cell for cell in cells]
    elif kind == "datetime":
        cells = [_moment(cell) for cell in cells]
    try:
        return pa.array(cells)
    except (pa.ArrowInvalid, pa.ArrowTypeError):  # cells of different types: as text
        return pa.array([None if cell is None else str(cell) for cell in cells])


def _moment(cell: Any) -> Any:
    if isinstance(cell, int | float) and not isinstance(cell, bool):  # pandas writes milliseconds
        return datetime.fromtimestamp(cell / 1000, UTC).replace(tzinfo=None)
    try:
        return datetime.fromisoformat(cell).replace(tzinfo=None) if cell else None
    except (TypeError, ValueError):
        return cell
