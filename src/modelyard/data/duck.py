"""DuckDB as the reader of text files: sessions of small memory, SQL literals."""

from __future__ import annotations

import glob
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

MEMORY = 192  # MiB a session may use, and more for each column: a vector of 2,048 texts is held
MEMORY_PER_COLUMN = 0.1
VECTOR = 2048  # rows that DuckDB handles at once; smaller batches are slow
CELLS = 4_000_000  # most cells that one batch holds


def session(columns: int) -> duckdb.DuckDBPyConnection:
    """Open an in-memory database that reads files, in order, and nothing from the network.

    As a context manager it closes itself.
    """
    memory = int(MEMORY + MEMORY_PER_COLUMN * columns)
    config: dict[str, Any] = {
        "threads": 1,  # keeps the rows in order without holding many of them
        "memory_limit": f"{memory}MiB",
        "temp_directory": "",
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "python_enable_replacements": False,
    }
    db = duckdb.connect(config=config)
    db.execute("SET TimeZone = 'UTC'")
    db.execute("SET enable_progress_bar = false")  # it would be printed on stdout
    return db


def stream(
    db: duckdb.DuckDBPyConnection, query: str, *, rows: int, columns: int
) -> Iterator[pa.RecordBatch]:
    """Run a query as a stream of batches of about `rows` rows, fewer where rows are wide."""
    fitting = max(VECTOR, min(rows, CELLS // max(1, columns)))
    yield from db.sql(query).to_arrow_reader(fitting)


def select(expressions: Iterable[str], table: str) -> str:
    """A query; what goes in is SQL already, made by the functions below."""
    return f"SELECT {', '.join(expressions)} FROM {table}"  # noqa: S608


def text(value: str) -> str:
    """A string as SQL writes it."""
    return "'" + value.replace("'", "''") + "'"


def name(value: str) -> str:
    """An identifier as SQL writes it."""
    return '"' + value.replace('"', '""') + '"'


def struct(values: Mapping[str, str]) -> str:
    """Column names and their types as read_csv and read_json take them."""
    return struct_of({key: text(value) for key, value in values.items()})


def struct_of(values: Mapping[str, str]) -> str:
    """Expressions put together under names."""
    return "{" + ", ".join(f"{text(key)}: {value}" for key, value in values.items()) + "}"


def number(value: float) -> str:
    """A number as SQL writes it, with all of its digits."""
    return f"CAST({text(repr(value))} AS DOUBLE)"


def path(value: Path | str) -> str:
    """A file's path as SQL writes it; brackets and stars in it are no pattern."""
    return text(glob.escape(str(value)))
