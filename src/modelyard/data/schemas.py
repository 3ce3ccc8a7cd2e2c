"""Types of columns: the words people use for them, and how values are brought to them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from modelyard import errors
from modelyard.data.types import Column

WORDS: dict[str, pa.DataType] = {
    "boolean": pa.bool_(),
    "integer": pa.int32(),
    "long": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "string": pa.string(),
    "binary": pa.binary(),
    "date": pa.date32(),
    "time": pa.time64("us"),
    "datetime": pa.timestamp("us"),
}
DECIMAL = re.compile(r"decimal\((\d+), ?(\d+)\)")
MOST_DIGITS = 38
CHOICE = ", ".join([word for word in WORDS if word != "time"] + ["decimal(10,2)"])


def word_of(kind: pa.DataType) -> str:
    """The word for an Arrow type: one of WORDS, decimal(p,s), or Arrow's own."""
    if pa.types.is_dictionary(kind):
        return word_of(kind.value_type)
    if pa.types.is_timestamp(kind):
        return "datetime"
    if pa.types.is_decimal(kind):
        return f"decimal({kind.precision},{kind.scale})"
    if is_text(kind):
        return "string"
    if is_bytes(kind):
        return "binary"
    for word, known in WORDS.items():
        if kind.equals(known):
            return word
    return str(kind)


def is_text(kind: pa.DataType) -> bool:
    """Say whether values are texts, however long and however kept."""
    return bool(
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    )


def is_bytes(kind: pa.DataType) -> bool:
    """Say whether values are bytes, however long and however kept."""
    return bool(
        pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
        or pa.types.is_fixed_size_binary(kind)
        or pa.types.is_binary_view(kind)
    )


def type_of(word: str) -> pa.DataType:
    """The Arrow type a word stands for.

    Raises:
        Invalid: there is no such word.
    """
    if word in WORDS and word != "time":  # Arrow reads no times of day from text
        return WORDS[word]
    decimal = DECIMAL.fullmatch(word)
    if decimal and 0 < int(decimal[1]) <= MOST_DIGITS and int(decimal[2]) <= int(decimal[1]):
        return pa.decimal128(int(decimal[1]), int(decimal[2]))
    raise errors.Invalid(f"{word!r} is no column type to choose; there are: {CHOICE}")


def columns_of(schema: pa.Schema) -> tuple[Column, ...]:
    """A schema in words."""
    return tuple(Column(name=field.name, type=word_of(field.type)) for field in schema)


def near(name: str, known: Iterable[str]) -> str:
    """Half a sentence that names what is like `name`, or what there is."""
    names = sorted(known)
    close = get_close_matches(name, names, n=3, cutoff=0.6)
    if close:
        return f"; did you mean {' or '.join(map(repr, close))}?"
    shown = ", ".join(map(repr, names[:20])) + (", …" if len(names) > 20 else "")
    return f"; there are: {shown}" if names else ""


def check_names(names: Sequence[str], where: str) -> None:
    """Refuse names that occur twice.

    Raises:
        Invalid: two columns have one name.
    """
    seen: dict[str, int] = {}
    for position, name in enumerate(names, start=1):
        if name in seen:
            raise errors.Invalid(
                f"{where} has two columns named {name!r} (columns {seen[name]} and {position}); "
                "rename one"
            )
        seen[name] = position


def require_columns(wanted: Iterable[str], known: Sequence[str], where: str) -> None:
    """Refuse names that are not there.

    Raises:
        Invalid: a column is missing; names those that are near.
    """
    for name in wanted:
        if name not in known:
            raise errors.Invalid(f"{where} has no column {name!r}{near(name, known)}")


def override(schema: pa.Schema, types: Mapping[str, str]) -> pa.Schema:
    """The schema with the types that a user asks for; names that are not there are passed over."""

    def chosen(field: pa.Field[Any]) -> pa.Field[Any]:
        word = types.get(field.name, "")
        # A type that is already said by the same word stays: it may be finer (a time zone).
        return field if word in ("", word_of(field.type)) else field.with_type(type_of(word))

    return pa.schema([chosen(field) for field in schema])


def conform(
    batch: pa.RecordBatch, schema: pa.Schema, *, first_row: int, where: str
) -> pa.RecordBatch:
    """Bring a batch to the types of a schema that has the same columns.

    Args:
        batch: the rows.
        schema: the types wanted.
        first_row: position of the batch's first row in its file or table, from 1.
        where: the file or table, for messages.

    Raises:
        Invalid: a value cannot be brought to its column's type; names row and column.
    """
    if batch.schema.equals(schema):
        return batch
    arrays = []
    for array, field in zip(batch.columns, schema, strict=True):
        try:
            arrays.append(_cast(array, field.type))
        except pa.ArrowException as exc:
            row = _first_bad(array, field.type)
            raise errors.Invalid(
                f"{where}, row {first_row + row}, column {field.name!r}: {_shown(array[row])} is "
                f"not of type {word_of(field.type)}; correct it, or give the column another type "
                f"with --column-types {field.name}=string",
                row=first_row + row,
                column=field.name,
            ) from exc
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _cast(array: pa.Array[Any], kind: pa.DataType) -> pa.Array[Any]:
    if array.type.equals(kind):
        return array
    if is_text(array.type):
        array = pc.utf8_trim_whitespace(array)
    return pc.cast(array, kind)


def _first_bad(array: pa.Array[Any], kind: pa.DataType) -> int:
    """The position of the first value that cannot be cast, by halving."""
    low, high = 0, len(array)
    while high - low > 1:
        middle = (low + high) // 2
        try:
            _cast(array.slice(low, middle - low), kind)
            low = middle
        except pa.ArrowException:
            high = middle
    return low


def _shown(value: pa.Scalar[Any]) -> str:
    text = repr(value.as_py())
    return text if len(text) <= 80 else f"{text[:80]}…"
