"""Tensors of the Open Inference Protocol: JSON or bytes in, Arrow arrays, and back."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.types as pat

from modelyard import errors

ARROW: dict[str, pa.DataType] = {
    "BOOL": pa.bool_(),
    "UINT8": pa.uint8(),
    "UINT16": pa.uint16(),
    "UINT32": pa.uint32(),
    "UINT64": pa.uint64(),
    "INT8": pa.int8(),
    "INT16": pa.int16(),
    "INT32": pa.int32(),
    "INT64": pa.int64(),
    "FP16": pa.float16(),
    "FP32": pa.float32(),
    "FP64": pa.float64(),
    "BYTES": pa.string(),
}
DATATYPES = {kind: name for name, kind in ARROW.items()}
BY_ARROW = {str(kind): name for name, kind in ARROW.items()}
"""Datatypes by the types of columns that a package's tables name."""
MLFLOW = {
    "boolean": "BOOL",
    "integer": "INT32",
    "long": "INT64",
    "float": "FP32",
    "double": "FP64",
    "string": "BYTES",
    "binary": "BYTES",
    "datetime": "BYTES",
    "any": "BYTES",
}
"""Datatypes by MLflow's types of columns; moments are ISO 8601, bytes base64."""
NUMPY = {"bool": "BOOL", "object": "BYTES", "str": "BYTES", "float16": "FP16"}
NUMPY |= {f"float{bits}": f"FP{bits}" for bits in (32, 64)}
NUMPY |= {f"int{bits}": f"INT{bits}" for bits in (8, 16, 32, 64)}
NUMPY |= {f"uint{bits}": f"UINT{bits}" for bits in (8, 16, 32, 64)}
LENGTH = struct.Struct("<I")


class RequestInput(msgspec.Struct):
    """An input as it is sent."""

    name: str
    shape: list[int]
    datatype: str
    parameters: dict[str, Any] | None = None
    data: Any = None


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor: its values one after another in row-major order."""

    name: str
    shape: tuple[int, ...]
    datatype: str
    values: pa.Array

    def rows(self) -> pa.Array:
        """One value, or one nested list, for each entry of the first dimension."""
        array = self.values
        width = math.prod(self.shape[1:])
        if width == 1:
            return array
        for size in reversed(self.shape[1:]):
            array = pa.FixedSizeListArray.from_arrays(array, size)
        return array


def read_tensor(given: RequestInput, binary: memoryview | None) -> Tensor:
    """Read an input from JSON, or from the bytes that follow the JSON.

    Raises:
        Invalid: its datatype is unknown, or its data does not fill its shape.
    """
    kind = ARROW.get(given.datatype)
    if kind is None:
        raise _wrong(
            given.name, f"has the datatype {given.datatype!r}; there are: {', '.join(ARROW)}"
        )
    if not given.shape or any(size < 0 for size in given.shape):
        raise _wrong(given.name, f"has the shape {given.shape}; name the size of each dimension")
    if binary is not None:
        values = _from_bytes(given.name, given.datatype, kind, binary)
    else:
        values = _from_json(given.name, given.datatype, kind, given.data)
    expected = math.prod(given.shape)
    if len(values) != expected:
        raise _wrong(
            given.name, f"has {len(values)} values, and its shape {given.shape} {expected}"
        )
    return Tensor(given.name, tuple(given.shape), given.datatype, values)


def tensor_of(name: str, column: pa.ChunkedArray | pa.Array) -> Tensor:
    """A column of answers as a tensor; what no datatype can hold becomes JSON text."""
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], array.type)
    shape = [len(array)]
    while pat.is_fixed_size_list(array.type) or _is_even(array):
        size = array.type.list_size if pat.is_fixed_size_list(array.type) else len(array[0])
        array = array.flatten()
        shape.append(size)
    if array.type not in DATATYPES:
        array = _as_text(array)
    return Tensor(name, tuple(shape), DATATYPES[array.type], array)


def json_data(tensor: Tensor) -> list[Any]:
    """The values of a tensor as JSON has them, one after another."""
    values: list[Any] = tensor.values.to_pylist()
    return values


def binary_data(tensor: Tensor) -> bytes:
    """The values of a tensor as bytes, little-endian; missing numbers are NaN or 0.

    Those of BYTES have their length before each, in 4 bytes.
    """
    values = tensor.values
    if tensor.datatype == "BYTES":
        texts = [(text or "").encode() for text in values.to_pylist()]
        return b"".join(part for text in texts for part in (LENGTH.pack(len(text)), text))
    if tensor.datatype == "BOOL":
        return bytes(1 if value else 0 for value in values.to_pylist())
    if values.null_count:
        values = values.fill_null(float("nan") if pat.is_floating(values.type) else 0)
    width = values.type.bit_width // 8
    start = values.offset * width
    return bytes(memoryview(values.buffers()[1])[start : start + len(values) * width])


def _from_json(name: str, datatype: str, kind: pa.DataType, data: Any) -> pa.Array:
    if not isinstance(data, list):
        raise _wrong(name, "has no data; send a list of values, flat or nested")
    values = data if not data or not isinstance(data[0], list) else list(_flat(name, data))
    try:
        if datatype == "FP16":
            return pa.array(values, pa.float32()).cast(kind)
        if pat.is_integer(kind) and any(isinstance(value, float) for value in values):
            return pa.array(values, pa.float64()).cast(kind)  # which refuses fractions
        return pa.array(values, kind)
    except (pa.ArrowException, OverflowError, TypeError, ValueError) as exc:
        raise _wrong(name, f"is no {datatype}: {str(exc).splitlines()[0][:300]}") from None


def _flat(name: str, data: Sequence[Any], depth: int = 0) -> Iterator[Any]:
    if depth > 32:
        raise _wrong(name, "has data that is nested too deeply")
    for item in data:
        if isinstance(item, list):
            yield from _flat(name, item, depth + 1)
        else:
            yield item


def _from_bytes(name: str, datatype: str, kind: pa.DataType, data: memoryview) -> pa.Array:
    if datatype == "BYTES":
        return pa.array(list(_texts(name, data)), kind)
    if datatype == "BOOL":
        return pa.array([value != 0 for value in data], kind)
    width = kind.bit_width // 8
    if len(data) % width:
        raise _wrong(name, f"has {len(data)} bytes, and each {datatype} takes {width}")
    return pa.Array.from_buffers(kind, len(data) // width, [None, pa.py_buffer(bytes(data))])


def _texts(name: str, data: memoryview) -> Iterator[str]:
    at = 0
    while at < len(data):
        start = at + LENGTH.size
        end = start + LENGTH.unpack_from(data, at)[0] if start <= len(data) else len(data) + 1
        if end > len(data):
            raise _wrong(name, "has BYTES that end in the middle of a value")
        try:
            yield str(data[start:end], "utf-8")
        except UnicodeDecodeError:
            raise _wrong(
                name, "has BYTES that are no UTF-8; send binary values as base64"
            ) from None
        at = end


def _is_even(array: pa.Array) -> bool:
    """Whether it holds lists that are all of one length."""
    if not (pat.is_list(array.type) or pat.is_large_list(array.type)) or not len(array):
        return False
    lengths = array.value_lengths().unique()
    return len(lengths) == 1 and lengths[0].is_valid


def _as_text(array: pa.Array) -> pa.Array:
    if pat.is_large_string(array.type):
        return array.cast(pa.string())
    return pa.array(
        [
            None if value is None else msgspec.json.encode(value, enc_hook=str).decode()
            for value in array.to_pylist()
        ],
        pa.string(),
    )


def _wrong(name: str, what: str) -> errors.Invalid:
    return errors.Invalid(f"{name}: {what}", field=name)
