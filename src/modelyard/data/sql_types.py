"""Types of database columns as Arrow types, and back."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from sqlalchemy import types as sql
from sqlalchemy.engine import Dialect

from modelyard import errors
from modelyard.data.schemas import MOST_DIGITS, is_bytes, is_text

SINGLE_BITS = 24  # a float of so many bits of mantissa is a single


def arrow_type(kind: sql.TypeEngine[Any], dialect: Dialect) -> pa.DataType | None:
    """The Arrow type of a column's type; None where only the values can tell."""
    if isinstance(kind, sql.Float) or (isinstance(kind, sql.Numeric) and kind.precision is None):
        return _number(kind, dialect)
    if isinstance(kind, sql.Numeric):
        fits = (kind.precision or 0) <= MOST_DIGITS
        return pa.decimal128(kind.precision, kind.scale or 0) if fits else None
    if isinstance(kind, sql.Integer):
        # SQLite keeps 64 bits whatever the type is called.
        wide = isinstance(kind, sql.BigInteger) or dialect.name == "sqlite"
        return pa.int64() if wide else pa.int32()
    if isinstance(kind, sql.DateTime):
        return pa.timestamp("us", "UTC" if kind.timezone else None)
    if isinstance(kind, sql.Time) and dialect.name == "sqlite":
        return pa.string()  # as which SQLite keeps it; Arrow reads no times of day from text
    if isinstance(kind, sql.ARRAY):
        item = arrow_type(kind.item_type, dialect)
        return None if item is None else pa.list_(item)
    for sql_kind, arrow in SIMPLE:
        if isinstance(kind, sql_kind):
            return arrow
    return None if dialect.name == "sqlite" or isinstance(kind, sql.NullType) else pa.string()


SIMPLE: tuple[tuple[type[sql.TypeEngine[Any]], pa.DataType], ...] = (
    (sql.Boolean, pa.bool_()),
    (sql.Date, pa.date32()),
    (sql.Time, pa.time64("us")),
    (sql.LargeBinary, pa.binary()),
    (sql.String, pa.string()),
    (sql.Uuid, pa.string()),
    (sql.JSON, pa.string()),
)


def _number(kind: sql.TypeEngine[Any], dialect: Dialect) -> pa.DataType | None:
    if not isinstance(kind, sql.Float):
        return None  # a decimal without declared digits
    single = isinstance(kind, sql.REAL) or 0 < (kind.precision or 0) <= SINGLE_BITS
    return pa.float32() if single and dialect.name != "sqlite" else pa.float64()


def sql_type(field: pa.Field[Any]) -> sql.TypeEngine[Any]:
    """The type that a database column needs to hold an Arrow column.

    Raises:
        Unsupported: databases have no such type (lists, objects).
    """
    kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
    if pa.types.is_decimal(kind):
        return sql.Numeric(kind.precision, kind.scale)
    if pa.types.is_timestamp(kind):
        return sql.DateTime(timezone=kind.tz is not None)
    for is_kind, found in (
        (pa.types.is_boolean, sql.Boolean()),
        (
            pa.types.is_unsigned_integer,
            sql.Numeric(20, 0) if kind == pa.uint64() else sql.BigInteger(),
        ),
        (pa.types.is_int64, sql.BigInteger()),
        (pa.types.is_integer, sql.Integer()),
        (pa.types.is_float64, sql.Double()),
        (pa.types.is_floating, sql.REAL()),
        (pa.types.is_date, sql.Date()),
        (pa.types.is_time, sql.Time()),
        (pa.types.is_null, sql.Text()),
        (is_text, sql.Text()),
        (is_bytes, sql.LargeBinary()),
    ):
        if is_kind(kind):
            return found
    raise errors.Unsupported(
        f"column {field.name!r} is of type {field.type}, which no database column holds; write "
        "Parquet or JSON lines, or leave the column out"
    )
