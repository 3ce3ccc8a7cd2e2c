"""What a model returned, whatever its shape, as named arrays with one entry per row."""

from __future__ import annotations

import contextlib
import json
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

import numpy as np
import pandas as pd
import pyarrow as pa

from .problems import Problem

UNNAMED = "prediction"
"""The name of an output that has none."""

LONGEST_SAMPLE = 2000


def per_row(array: np.ndarray) -> str:
    """What an array holds for each row, in words."""
    if array.ndim == 1:
        return "one value a row"
    return f"{' × '.join(map(str, array.shape[1:]))} values a row"


class Output:
    """A model's answer for `size` rows.

    `arrays` has every output by name, rows first: 1-D, or 2-D with a fixed number of values per
    row, of numbers, or of objects (text, maps, lists). `named` is False where the names are ours.
    """

    def __init__(
        self, raw: Any, arrays: Mapping[str, np.ndarray], *, named: bool, size: int
    ) -> None:
        self.raw = raw
        self.arrays = dict(arrays)
        self.named = named
        self.size = size

    def only(self) -> Optional[np.ndarray]:
        """The array, where there is but one."""
        return next(iter(self.arrays.values())) if len(self.arrays) == 1 else None

    def describe(self) -> Dict[str, Any]:
        """The facts of `RawOutput`."""
        raw = self.raw
        kind = type(raw)
        module = "" if kind.__module__ == "builtins" else kind.__module__.split(".")[0] + "."
        shape = getattr(raw, "shape", None)
        dtype = getattr(raw, "dtype", None)
        return {
            "kind": module + kind.__qualname__,
            "shape": [int(size) for size in shape] if shape is not None else None,
            "dtype": str(dtype) if dtype is not None else None,
            "columns": list(self.arrays) if self.named else None,
            "sample": _sample(raw),
        }

    def table(self) -> pa.Table:
        """The answer as it came, as Arrow columns: the `direct` output mode."""
        columns: Dict[str, pa.Array] = {}
        for name, array in self.arrays.items():
            if array.ndim == 2 and not self.named and len(self.arrays) == 1:
                for at in range(array.shape[1]):
                    columns[f"output_{at}"] = to_arrow(array[:, at])
            else:
                columns[name] = to_arrow(array)
        return pa.table(columns)


def _sample(raw: Any) -> str:
    if isinstance(raw, dict):
        shown = repr({name: _first(values) for name, values in raw.items()})
    else:
        shown = repr(_first(raw))
    return shown[:LONGEST_SAMPLE]


def _first(raw: Any) -> Any:
    try:
        return raw[:5] if hasattr(raw, "__len__") else raw
    except (TypeError, KeyError, ValueError):
        return raw


def read_output(raw: Any, size: int) -> Output:
    """Read what predict returned for a number of rows.

    Raises:
        Problem: nothing was returned, or not one value per row (`failed`).
    """
    if raw is None:
        raise Problem("failed", "the model returned nothing (None)")
    arrays, named = _arrays(raw, size)
    if not arrays:
        raise Problem("failed", "the model returned no columns")
    for name, array in arrays.items():
        if len(array) != size:
            where = f" in {name!r}" if named else ""
            raise Problem(
                "failed",
                f"the model returned {len(array)} {_rows(len(array))}{where} for {size}",
                returned=len(array),
                sent=size,
            )
    return Output(raw, arrays, named=named, size=size)


def _rows(count: int) -> str:
    return "row" if count == 1 else "rows"


def _arrays(raw: Any, size: int) -> Tuple[Dict[str, np.ndarray], bool]:
    if isinstance(raw, pd.DataFrame):
        names = _unique([str(name) for name in raw.columns])
        return {name: np.asarray(raw.iloc[:, at]) for at, name in enumerate(names)}, True
    if isinstance(raw, pd.Series):
        array = _flat(_array(raw, size))
        return {UNNAMED if raw.name is None else str(raw.name): array}, raw.name is not None
    if isinstance(raw, Mapping):
        if size == 1 and all(np.ndim(value) == 0 for value in raw.values()):
            raw = {name: [value] for name, value in raw.items()}
        return {str(name): _flat(_array(value, size)) for name, value in raw.items()}, True
    return {UNNAMED: _flat(_array(raw, size))}, False


def _unique(names: Sequence[str]) -> List[str]:
    seen: Dict[str, int] = {}
    found = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        found.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return found


def _array(raw: Any, size: int) -> np.ndarray:
    """An array, rows first; text, maps and ragged lists stay objects."""
    if isinstance(raw, (str, bytes, bool, int, float)) and size == 1:
        raw = [raw]
    if hasattr(raw, "toarray"):  # a sparse matrix
        raw = raw.toarray()
    if isinstance(raw, (tuple, set, frozenset)) or not hasattr(raw, "__array__"):
        return _from_list(raw)
    array = np.asarray(raw)
    return array.reshape(1) if array.ndim == 0 else array


def _from_list(raw: Any) -> np.ndarray:
    try:
        items = list(raw)
    except TypeError as exc:
        kind = type(raw).__name__
        raise Problem(
            "failed", f"the model returned a single {kind}, not one value per row"
        ) from exc
    with contextlib.suppress(ValueError):  # raised for lists of different lengths
        array = np.array(items)
        if array.dtype.kind in "fiub":
            return array
        if array.ndim == 2 and all(isinstance(value, str) for item in items for value in item):
            return array
    array = np.empty(len(items), dtype=object)
    for at, item in enumerate(items):
        array[at] = item
    return array


def _flat(array: np.ndarray) -> np.ndarray:
    """(n, 1) as (n,)."""
    return array.reshape(-1) if array.ndim == 2 and array.shape[1] == 1 else array


def to_arrow(array: np.ndarray) -> pa.Array:
    """An Arrow column; nested values as lists and structs, what has no such form as JSON text."""
    if array.ndim > 1:
        return pa.FixedSizeListArray.from_arrays(to_arrow(np.concatenate(array)), array.shape[1])
    if array.dtype.kind in "OU":
        return _objects_to_arrow(array.astype(object))
    return pa.array(array)


def _objects_to_arrow(array: np.ndarray) -> pa.Array:
    foreign = (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, TypeError)
    with contextlib.suppress(*foreign):
        return pa.array(array, from_pandas=True)
    with contextlib.suppress(*foreign):
        return pa.array([_tidy(value) for value in array], from_pandas=True)
    return pa.array([None if value is None else _as_json(value) for value in array], pa.string())


def _tidy(value: Any) -> Any:
    """A cell without the types that only NumPy or the model's library has."""
    if isinstance(value, Mapping):
        return {str(key): _tidy(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_tidy(inner) for inner in value]
    if isinstance(value, np.ndarray):
        return _tidy(value.tolist())
    return value.item() if isinstance(value, np.generic) else value


def _as_json(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(_tidy(value), default=str)
