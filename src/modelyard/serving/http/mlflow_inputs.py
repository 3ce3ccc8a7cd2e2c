"""The input formats of MLflow's scoring server, read into rows or a table."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.csv

from modelyard import errors
from modelyard.runtime.types import ModelInputs
from modelyard.serving.http.inference_inputs import UNNAMED
from modelyard.serving.http.problems import Refused
from modelyard.serving.http.requests import read_json
from modelyard.serving.http.texts import column_types

CSV, JSON, PARQUET = "text/csv", "application/json", "application/vnd.apache.parquet"
SPLIT, RECORDS, INSTANCES, INPUTS = "dataframe_split", "dataframe_records", "instances", "inputs"
FORMATS = (SPLIT, RECORDS, INSTANCES, INPUTS)
NEEDED = f"send a JSON object with one of {', '.join(FORMATS)}"
ARROW = {
    "boolean": pa.bool_(),
    "integer": pa.int64(),
    "long": pa.int64(),
    "float": pa.float64(),
    "double": pa.float64(),
}
FRACTIONS = (b"NaN", b"Infinity")


@dataclass(frozen=True, slots=True)
class Invocation:
    """What was sent: rows by column name, or the table of a tensor; and the model's parameters."""

    rows: Sequence[Mapping[str, Any]] = ()
    table: pa.Table | None = None
    params: Mapping[str, Any] | None = None


def read_invocation(body: bytes, content_type: str, inputs: ModelInputs) -> Invocation:
    """Read a body in any of MLflow's formats.

    Raises:
        Refused: it is of another kind (415).
        Invalid: it cannot be read; says where.
    """
    kind, *options = (part.strip().lower() for part in content_type.split(";"))
    charsets = {option.partition("=")[2].strip('"') for option in options if "charset" in option}
    if charsets - {"utf-8", "utf8"}:
        raise Refused(415, errors.Unsupported("the body has to be in UTF-8"))
    if kind == CSV:
        return Invocation(rows=_from_csv(body, inputs))
    if kind == PARQUET:
        return Invocation(rows=_from_parquet(body))
    if kind not in ("", JSON):
        shown = f"{CSV}, {JSON} or {PARQUET}"
        raise Refused(415, errors.Unsupported(f"the body has to be {shown}, not {kind[:100]!r}"))
    return _from_json(_loaded(body), inputs)


def _loaded(body: bytes) -> Any:
    """JSON as MLflow takes it: NaN, which Python writes for a missing number, is one."""
    if not any(word in body for word in FRACTIONS):
        return read_json(body)
    try:
        return json.loads(body, parse_constant=_missing)
    except (ValueError, RecursionError) as exc:
        raise errors.Invalid(f"the body is not JSON: {exc}") from None


def _missing(word: str) -> None:
    if word != "NaN":
        raise ValueError(f"{word} is no number that can be taken")


def _from_json(given: Any, inputs: ModelInputs) -> Invocation:
    if not isinstance(given, dict):
        raise errors.Invalid(f"the body is JSON, but no object; {NEEDED}")
    formats = [name for name in FORMATS if name in given]
    if len(formats) != 1:
        raise errors.Invalid(f"the body has {', '.join(list(given)[:10]) or 'nothing'}; {NEEDED}")
    if unknown := given.keys() - {*FORMATS, "params"}:
        raise errors.Invalid(f"{min(unknown)}: is not known here", field=min(unknown))
    params = given.get("params")
    if params is not None and not isinstance(params, dict):
        raise errors.Invalid("params: must be an object, as in JSON", field="params")
    name = formats[0]
    data = given[name]
    if name == SPLIT:
        return Invocation(rows=_from_split(data), params=params)
    if name == RECORDS:
        return Invocation(rows=_records(RECORDS, data), params=params)
    if isinstance(data, list) and data and isinstance(data[0], dict):
        return Invocation(rows=_records(name, data), params=params)
    if isinstance(data, dict) and name == INPUTS:
        return _named(data, inputs, params)
    return _unnamed(name, data, inputs, params)


def _from_split(data: Any) -> list[dict[str, Any]]:
    if not isinstance(data, dict) or not isinstance(data.get("data"), list):
        raise errors.Invalid(
            "dataframe_split: must be an object with 'columns' and 'data'", field=SPLIT
        )
    rows = data["data"]
    width = len(rows[0]) if rows and isinstance(rows[0], list) else 0
    columns = data.get("columns", range(width))
    if not isinstance(columns, list | range):
        raise errors.Invalid("dataframe_split.columns: must be a list", field=f"{SPLIT}.columns")
    names = [str(name) for name in columns]
    for at, row in enumerate(rows):
        if not isinstance(row, list) or len(row) != len(names):
            found = len(row) if isinstance(row, list) else "no list of"
            where = f"{SPLIT}.data.{at}"
            raise errors.Invalid(
                f"{where}: has {found} values for {len(names)} columns", field=where
            )
    return [dict(zip(names, row, strict=True)) for row in rows]


def _records(name: str, data: Any) -> list[dict[str, Any]]:
    if isinstance(data, list):
        wrong = next((at for at, row in enumerate(data) if not isinstance(row, dict)), None)
        if wrong is None:
            return data
        raise errors.Invalid(f"{name}.{wrong}: must be an object", field=f"{name}.{wrong}")
    raise errors.Invalid(f"{name}: must be a list of objects", field=name)


def _named(
    data: dict[str, Any], inputs: ModelInputs, params: Mapping[str, Any] | None
) -> Invocation:
    """`inputs` by name: columns of several rows, or the values of one; or named tensors."""
    lists = [isinstance(values, list) for values in data.values()]
    if not all(lists):
        if any(lists) and not inputs.tensors:
            data = {
                name: value if isinstance(value, list) else [value] for name, value in data.items()
            }
        elif not any(lists):
            return Invocation(rows=[data], params=params)
    sizes = {len(values) for values in data.values() if isinstance(values, list)}
    if len(sizes) > 1:
        raise errors.Invalid(
            f"inputs: the columns have {', '.join(map(str, sorted(sizes)))} values, and need as "
            "many each",
            field=INPUTS,
        )
    if inputs.tensors:
        return Invocation(table=_table(data), params=params)
    names = list(data)
    rows = [dict(zip(names, values, strict=True)) for values in zip(*data.values(), strict=True)]
    return Invocation(rows=rows, params=params)


def _unnamed(
    name: str, data: Any, inputs: ModelInputs, params: Mapping[str, Any] | None
) -> Invocation:
    """A tensor without a name, or values in the order of the columns."""
    if not isinstance(data, list):
        raise errors.Invalid(f"{name}: must be a list, or an object of lists", field=name)
    names = [column.name for column in inputs.columns]
    if not names or inputs.tensors:
        tensors = inputs.tensors
        column = tensors[0].name if len(tensors) == 1 and tensors[0].name else UNNAMED
        return Invocation(table=_table({column: data}), params=params)
    rows = [row if isinstance(row, list) else [row] for row in data]
    for at, row in enumerate(rows):
        if len(row) != len(names):
            where = f"{name}.{at}"
            raise errors.Invalid(
                f"{where}: has {len(row)} values, and the model takes {len(names)}: "
                f"{', '.join(names[:10])}",
                field=where,
            )
    return Invocation(rows=[dict(zip(names, row, strict=True)) for row in rows], params=params)


def _table(columns: Mapping[str, Any]) -> pa.Table:
    arrays = {}
    for name, values in columns.items():
        try:
            arrays[name] = pa.array(values)
        except (pa.ArrowException, OverflowError, TypeError, ValueError) as exc:
            raise errors.Invalid(f"{name}: {str(exc).splitlines()[0][:300]}", field=name) from None
    return pa.table(arrays)


def _from_csv(body: bytes, inputs: ModelInputs) -> list[dict[str, Any]]:
    types = {
        name: ARROW.get(kind, pa.string())
        for name, kind in column_types(inputs).items()
        if kind != "any"
    }
    options = pyarrow.csv.ConvertOptions(column_types=types, strings_can_be_null=True)
    try:
        table = pyarrow.csv.read_csv(io.BytesIO(body), convert_options=options)
        rows: list[dict[str, Any]] = table.to_pylist()
    except (pa.ArrowException, UnicodeDecodeError) as exc:
        raise errors.Invalid(f"the body is no CSV that fits: {exc}") from None
    return rows


def _from_parquet(body: bytes) -> list[dict[str, Any]]:
    from pyarrow.parquet import read_table  # noqa: PLC0415  takes memory, and few send it

    try:
        table = read_table(io.BytesIO(body))
    except (pa.ArrowException, OSError) as exc:
        raise errors.Invalid(f"the body is no Parquet: {exc}") from None
    kept = [name for name in table.column_names if not name.startswith("__index_level_")]
    rows: list[dict[str, Any]] = table.select(kept).to_pylist()
    return rows
