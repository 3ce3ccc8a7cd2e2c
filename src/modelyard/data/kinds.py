"""What kinds of values the columns of a text file hold, found by looking at every row.

A column's type is the narrowest that holds all of its values unchanged. So only ISO dates count as
dates (01/02/2024 may be in January or in February), only true and false as booleans (yes and no may
be categories), and whole numbers with leading zeros or too many digits for 64 bits stay text.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntFlag

import duckdb
import pyarrow as pa

from modelyard.data import duck


class Kind(IntFlag):
    """The kinds of values that were seen in a column, together; 0: only missing ones."""

    LONG = 1
    DOUBLE = 2
    BOOLEAN = 4
    DATE = 8
    DATETIME = 16
    ZONED = 32
    TEXT = 64
    NESTED = 128


TYPES: dict[Kind, tuple[str, pa.DataType]] = {
    Kind.LONG: ("BIGINT", pa.int64()),
    Kind.DOUBLE: ("DOUBLE", pa.float64()),
    Kind.LONG | Kind.DOUBLE: ("DOUBLE", pa.float64()),
    Kind.BOOLEAN: ("BOOLEAN", pa.bool_()),
    Kind.DATE: ("DATE", pa.date32()),
    Kind.DATETIME: ("TIMESTAMP", pa.timestamp("us")),
    Kind.DATE | Kind.DATETIME: ("TIMESTAMP", pa.timestamp("us")),
    Kind.ZONED: ("TIMESTAMPTZ", pa.timestamp("us", "UTC")),
}
"""How columns of these kinds are read, by DuckDB and into Arrow; any other mixture is text."""

NUMBER = """CASE
 WHEN contains({v}, '_') THEN {text}
 WHEN contains({v}, '.') THEN {double}
 WHEN regexp_full_match({v}, ' *-?(0|[1-9][0-9]{{0,17}}) *') THEN {long}
 WHEN regexp_full_match({v}, ' *-?[1-9][0-9]{{18}} *')
  AND try_cast({v} AS BIGINT) IS NOT NULL THEN {long}
 WHEN regexp_full_match({v}, ' *[+-]?[0-9]+ *') THEN {text}
 ELSE {double} END"""
MOMENT = """CASE
 WHEN {v} LIKE '____-__-__' AND try_cast({v} AS DATE) IS NOT NULL THEN {date}
 WHEN {v} LIKE '____-__-__%__:__%' THEN CASE
  WHEN regexp_full_match({v}, '.{{10}}[T ][0-9:]{{5,8}}([.][0-9]{{1,6}})?')
   AND try_cast({v} AS TIMESTAMP) IS NOT NULL THEN {datetime}
  WHEN regexp_full_match({v}, '.{{10}}[T ][0-9:]{{5,8}}([.][0-9]{{1,6}})?(Z|[+-][0-9:]{{2,6}})')
   AND try_cast({v} AS TIMESTAMPTZ) IS NOT NULL THEN {zoned}
  ELSE {text} END
 ELSE {text} END"""
CELL = f"""CASE
 WHEN {{v}} IS NULL THEN 0
 WHEN try_cast({{v}} AS DOUBLE) IS NOT NULL THEN {NUMBER}
 WHEN lower({{v}}) IN ('true', 'false') THEN {{boolean}}
 ELSE {MOMENT} END"""
JSON = f"""CASE
 WHEN {{v}} IS NULL OR {{v}} = 'null' THEN 0
 WHEN starts_with({{v}}, '"') THEN {MOMENT.replace("{v}", "{inner}")}
 WHEN starts_with({{v}}, '[') OR starts_with({{v}}, '{{{{') THEN {{nested}}
 WHEN {{v}} IN ('true', 'false') THEN {{boolean}}
 ELSE {NUMBER} END"""
NUMBERS = {kind.name.lower(): int(kind) for kind in Kind if kind.name}


def look(
    db: duckdb.DuckDBPyConnection, columns: Sequence[str], table: str, *, json: bool = False
) -> tuple[int, list[Kind]]:
    """Count the rows of a table, and find the kinds of values that each column holds.

    Args:
        db: an open session.
        columns: the columns as SQL writes them; texts, or JSON values.
        table: where they are read from, as SQL.
        json: the columns hold JSON values: quoted texts are not numbers.
    """
    values = [f"CAST({column} AS VARCHAR)" if json else column for column in columns]
    # One expression over all cells in turn: two thousand expressions side by side take a gigabyte.
    cells = [f"unnest([{', '.join(values)}]) AS v", f"unnest(range({len(columns)})) AS place"]
    case = (JSON if json else CELL).format(v="v", inner="v[2:-2]", **NUMBERS)
    found = db.sql(
        duck.select(
            ["place", f"bit_or({case})", "count(*)"],
            f"({duck.select(cells, table)}) GROUP BY place",
        )
    ).fetchall()
    kinds = {place: Kind(numbers) for place, numbers, _ in found}
    rows = found[0][2] if found else 0
    return rows, [kinds.get(place, Kind(0)) for place in range(len(columns))]
