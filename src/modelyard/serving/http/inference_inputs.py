"""Tensors that infer is sent, as rows of a model's columns or as its own tensors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from modelyard import errors
from modelyard.runtime.types import ModelInputs
from modelyard.serving.http.tensors import BY_ARROW, MLFLOW, RequestInput, Tensor, read_tensor
from modelyard.serving.packages.types import PredictionEndpoint
from modelyard.serving.plane import Described

SIZE = "binary_data_size"
UNNAMED = "input"
"""What a tensor without a name is called."""
PROTOCOL = {"content_type", "binary_data_output", "headers", SIZE}
"""Parameters of a request that are about the protocol, not for the model."""


def read_tensors(inputs: Sequence[RequestInput], binary: memoryview) -> list[Tensor]:
    """Read every input; those with `binary_data_size` take their bytes one after another.

    Raises:
        Invalid: one cannot be read, two have one name, or they differ in their rows.
    """
    if not inputs:
        raise errors.Invalid("inputs: must not be empty", field="inputs")
    tensors = [read_tensor(each, part) for each, part in _with_bytes(inputs, binary)]
    names = [each.name for each in tensors]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise errors.Invalid(f"{twice}: is given more than once", field=twice)
    rows = tensors[0].shape[0]
    for each in tensors:
        if each.shape[0] != rows:
            raise errors.Invalid(
                f"{each.name}: has {each.shape[0]} rows, and {names[0]} {rows}", field=each.name
            )
    return tensors


def table_of(tensors: Sequence[Tensor]) -> pa.Table:
    """A column for each tensor, of nested lists where it has more than one dimension."""
    return pa.table({each.name: each.rows() for each in tensors})


def sent_columns(described: Described) -> dict[str, str]:
    """Datatypes of the columns that callers send.

    Those of the model less what enrichments add, and the keys of these.
    """
    endpoint, model = described.endpoint, described.model
    if model is None or not isinstance(endpoint, PredictionEndpoint):
        return {}
    added = {name for each in endpoint.enrichments for name in each.columns.values()}
    columns = {
        each.name: MLFLOW.get(each.type, "BYTES")
        for each in model.inputs.columns
        if each.name not in added
    }
    for each in endpoint.enrichments:
        types = described.manifest.table(each.table).columns
        for name, column in each.keys.items():
            columns.setdefault(name, BY_ARROW.get(types[column], "BYTES"))
    return columns


def rows_from(tensors: Sequence[Tensor], names: Sequence[str]) -> list[dict[str, Any]]:
    """Rows of named columns: a tensor each, or one matrix in the order of the columns.

    Raises:
        Invalid: a matrix has another width than there are columns.
    """
    only = tensors[0]
    if len(tensors) == 1 and only.name not in names and len(only.shape) == 2 and len(names) > 1:
        width = only.shape[1]
        if width != len(names):
            raise errors.Invalid(
                f"{only.name}: has {width} columns, and the model takes {len(names)}: "
                f"{', '.join(names[:10])}",
                field=only.name,
            )
        flat = only.values.to_pylist()
        return [
            dict(zip(names, flat[at : at + width], strict=True))
            for at in range(0, len(flat), width)
        ]
    columns = {each.name: each.rows().to_pylist() for each in tensors}
    return [
        dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)
    ]


def read_params(given: Mapping[str, Any] | None, inputs: ModelInputs) -> dict[str, Any] | None:
    """The model's own parameters among those of a request.

    Raises:
        Invalid: one is not known.
    """
    known = {param.name for param in inputs.params}
    params = {name: value for name, value in (given or {}).items() if name in known}
    unknown = [name for name in given or {} if name not in known and name not in PROTOCOL]
    if unknown:
        raise errors.Invalid(
            f"parameters.{unknown[0]}: the model has no such parameter", field=unknown[0]
        )
    return params or None


def _with_bytes(
    inputs: Sequence[RequestInput], binary: memoryview
) -> Iterator[tuple[RequestInput, memoryview | None]]:
    at = 0
    for each in inputs:
        size = (each.parameters or {}).get(SIZE)
        if size is None:
            yield each, None
            continue
        if not isinstance(size, int) or size < 0 or at + size > len(binary):
            raise errors.Invalid(
                f"{each.name}: {SIZE} is {size!r}, and {len(binary) - at} bytes follow",
                field=each.name,
            )
        yield each, binary[at : at + size]
        at += size
    if at != len(binary):
        raise errors.Invalid(f"{len(binary) - at} bytes follow that belong to no input")
