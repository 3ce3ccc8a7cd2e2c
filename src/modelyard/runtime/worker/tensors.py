"""Arrow columns as the arrays that a tensor signature asks for."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pat

from .columns import Column, Wanted, convert
from .problems import Problem

TYPES = {"int8": "long", "int16": "long", "int32": "integer", "int64": "long"}
TYPES.update({"uint8": "long", "uint16": "long", "uint32": "long", "uint64": "long"})
TYPES.update({"float16": "double", "float32": "double", "float64": "double"})
TYPES.update({"bool": "boolean", "object": "string"})


def convert_tensor(
    names: Sequence[str], columns: Sequence[pa.ChunkedArray], tensor: Mapping[str, Any]
) -> Tuple[np.ndarray, Dict[str, Column]]:
    """Make one array from columns: one list column, or one column of scalars per value.

    Args:
        names: the columns' names, for messages.
        columns: the cells.
        tensor: dtype and shape; the first dimension counts rows.

    Returns:
        The array (rows first), and the columns with their bad cells.

    Raises:
        Problem: the columns do not fill the shape (`invalid`).
    """
    shape = [int(size) for size in tensor["shape"]][1:]
    dtype = np.dtype(tensor["dtype"])
    if dtype.kind in "US":
        dtype = np.dtype(object)  # "str" alone would cut text to one character
    if len(columns) == 1 and _is_list(columns[0].type):
        return _from_lists(names[0], columns[0], shape, dtype)
    found = {
        name: convert(column, Wanted(name, _type_name(dtype)))
        for name, column in zip(names, columns)
    }
    width = int(np.prod(shape)) if shape and -1 not in shape else (len(columns) if shape else 1)
    if width != len(columns):
        said = ", ".join(names[:10]) + (", ..." if len(names) > 10 else "")
        raise Problem(
            "invalid",
            f"the model takes a tensor of {width} values per row (shape {tensor['shape']}), "
            f"but there are {len(columns)} columns: {said}; name the model's features",
        )
    rows = len(columns[0])
    array = np.empty((rows, width), dtype=dtype)
    for at, column in enumerate(found.values()):
        array[:, at] = column.values
    return array.reshape([rows, *shape]), found


def _type_name(dtype: np.dtype) -> str:
    return TYPES.get(dtype.name, "any")


def _is_list(kind: pa.DataType) -> bool:
    return bool(pat.is_list(kind) or pat.is_large_list(kind) or pat.is_fixed_size_list(kind))


def _from_lists(
    name: str, column: pa.ChunkedArray, shape: List[int], dtype: np.dtype
) -> Tuple[np.ndarray, Dict[str, Column]]:
    """Rows of (nested) lists; a row with another number of values is bad."""
    rows = len(column)
    flat, lengths = _flatten(column)
    fixed = shape if -1 not in shape else _inferred(shape, lengths)
    width = int(np.prod(fixed)) if fixed else 1
    bad = lengths != width
    if bad.any():
        kept = np.repeat(~bad, lengths)
        flat = flat.filter(pa.array(kept))
    values = convert(pa.chunked_array([flat]), Wanted(name, _type_name(dtype)))
    array = np.zeros((rows, width), dtype=dtype)
    array[~bad] = np.asarray(values.values).astype(dtype).reshape(-1, width)
    if values.bad is not None:
        cells = np.zeros((rows, width), dtype=bool)
        cells[~bad] = values.bad.reshape(-1, width)
        bad = bad | cells.any(axis=1)
    return array.reshape([rows, *fixed]), {name: Column(array, bad, values.notes)}


def _flatten(column: pa.ChunkedArray) -> Tuple[pa.Array, np.ndarray]:
    """All values of nested lists in a row, and how many each row has (0 where it is missing)."""
    array = column.combine_chunks()
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], column.type)
    lengths = pc.fill_null(pc.list_value_length(array), 0).to_numpy().astype(np.int64)
    inner = pc.list_flatten(array)
    if not _is_list(inner.type):
        return inner, lengths
    values, inner_lengths = _flatten(pa.chunked_array([inner]))
    ends = np.concatenate([[0], np.cumsum(inner_lengths)])
    edges = np.concatenate([[0], np.cumsum(lengths)])
    return values, ends[edges[1:]] - ends[edges[:-1]]


def _inferred(shape: List[int], lengths: np.ndarray) -> List[int]:
    """Fill in the one size that the signature leaves open, from the first row."""
    known = int(np.prod([size for size in shape if size != -1])) or 1
    first: Optional[int] = int(lengths[0]) if len(lengths) else None
    if shape.count(-1) > 1 or first is None or first % known:
        raise Problem("invalid", f"rows of {first} values do not fill the shape {[-1, *shape]}")
    return [first // known if size == -1 else size for size in shape]
