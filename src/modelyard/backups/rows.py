"""Rows as lines of JSON, and back: every value comes back as it was, from either database.

A line is an array of the row's values in the order of the columns. Texts, whole numbers, finite
floats, booleans and null are JSON's own; others are objects with one name that says what they are:
{"moment": ISO 8601 in UTC}, {"bytes": base64}, {"float": "inf", "-inf" or "nan"}.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any, BinaryIO

from sqlalchemy import Connection, MetaData, Table, func, insert, select, text
from sqlalchemy.exc import SQLAlchemyError

from modelyard import errors

AT_ONCE = 1000
LONGEST = 1 << 28
"""Bytes of a line: 256 MiB."""


def written(db: Connection, table: Table) -> Iterator[bytes]:
    """The rows of a table as lines, in the order of its key; few of them are in memory at a time.

    Raises:
        Failed: a row is too long to be read back.
    """
    query = select(table).order_by(*table.primary_key.columns)
    for row in db.execute(query, execution_options={"yield_per": AT_ONCE}):
        values = [_plain(value) for value in row]
        line = json.dumps(values, separators=(",", ":"), allow_nan=False).encode("ascii") + b"\n"
        if len(line) > LONGEST:
            raise errors.Failed(f"a row of {table.name} is longer than {LONGEST:,} bytes")
        yield line


def lines(source: BinaryIO) -> Iterator[bytes]:
    """The lines of a member.

    Raises:
        Invalid: one is longer than any that we write, or the last one is cut off.
    """
    while line := source.readline(LONGEST + 1):
        if not line.endswith(b"\n"):
            raise errors.Invalid("one of its lines is too long, or cut off")
        yield line


def load(db: Connection, table: Table, columns: Sequence[str], source: BinaryIO) -> None:
    """Add rows to a table.

    Raises:
        Invalid: the rows are none of this table, or this database does not take them.
    """
    unknown = set(columns) - set(table.columns.keys())
    if unknown:
        raise errors.Invalid(f"the table {table.name} has no column {min(unknown)!r}")
    rows = (_read(line, columns) for line in lines(source))
    while batch := list(islice(rows, AT_ONCE)):
        try:
            db.execute(insert(table), batch)
        except (SQLAlchemyError, OverflowError, UnicodeError) as exc:
            said = str(getattr(exc, "orig", None) or exc).splitlines()[0]
            raise errors.Invalid(
                f"the database does not take the rows of {table.name}: {said}"
            ) from exc


def count_on(db: Connection, tables: MetaData) -> None:
    """Let every column that counts by itself go on after the highest number that is in it."""
    if db.dialect.name != "postgresql":  # SQLite looks for the highest one itself
        return
    quoted = db.dialect.identifier_preparer
    for table in tables.sorted_tables:
        for column in table.columns:
            named = {"table": quoted.format_table(table), "column": column.name}
            counter = db.scalar(text("select pg_get_serial_sequence(:table, :column)"), named)
            if counter is not None:
                highest = db.scalar(select(func.max(column)))
                after = {"counter": counter, "value": highest or 1, "used": highest is not None}
                db.execute(text("select setval(:counter, :value, :used)"), after)


def _plain(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return {"float": repr(value)}
    if isinstance(value, datetime):
        return {"moment": value.astimezone(UTC).isoformat()}
    if isinstance(value, bytes | memoryview):
        return {"bytes": base64.b64encode(value).decode("ascii")}
    if value is None or isinstance(value, str | int | float):
        return value
    raise TypeError(f"rows hold no {type(value).__name__}")


def _read(line: bytes, columns: Sequence[str]) -> dict[str, Any]:
    try:
        found: Iterable[Any] = json.loads(line)
        return dict(zip(columns, map(_value, found), strict=True))
    except (ValueError, TypeError, RecursionError) as exc:
        raise errors.Invalid(f"one of its rows cannot be read: {exc}") from exc


def _value(found: Any) -> Any:
    if not isinstance(found, dict):
        return found
    ((kind, told),) = found.items()
    if kind == "moment":
        return datetime.fromisoformat(told).astimezone(UTC)
    if kind == "bytes":
        return base64.b64decode(told, validate=True)
    if kind == "float":
        return float(told)
    raise ValueError(f"no value is of the kind {kind!r}")
