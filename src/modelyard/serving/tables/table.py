"""A packaged table that finds rows by keys, in an SQLite file beside it.

The file is written once, from Parquet, a batch of rows at a time; so a table of millions of rows
takes little memory, and the processes of a node share what the system caches of it.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import sqlite3
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa

from modelyard import errors
from modelyard.serving.packages.types import PackagedTable
from modelyard.serving.rows import plain_values
from modelyard.serving.rows.cells import cell
from modelyard.serving.tables.values import kind_of_key, stored

ROWS_AT_ONCE = 20_000
MADE_HERE = ".made"
"""Folder in that of an unpacked package for what this machine makes of it."""
PAGES_KIB = 4096
"""Memory that an open table may use for pages of its own."""


class LookupTable:
    """A table with an index of some of its columns.

    Args:
        file: written by `open_table`.
        table: what it holds.
        keys: columns by which rows are found, in the order in which they are given.
    """

    def __init__(self, file: Path, table: PackagedTable, keys: Sequence[str]) -> None:
        self.name = table.name
        self._kinds = [kind_of_key(table.name, table.columns, key) for key in keys]
        self._columns = {name: _reader(kind) for name, kind in table.columns.items()}
        self._connection = sqlite3.connect(
            f"file:{file}?mode=ro&immutable=1", uri=True, check_same_thread=False
        )
        self._connection.execute(f"pragma cache_size = -{PAGES_KIB}")
        where = " and ".join(f"{_quoted(key)} = ?" for key in keys)
        self._where = f"from rows where {where} order by rowid limit 2"

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def finder(self, columns: Sequence[str]) -> Callable[[Sequence[Any]], tuple[Any, ...] | None]:
        """A function that gives the first row of some keys' values, None where there is none.

        The first value that it gives of a row is whether there are more.

        Raises:
            NotFound: the table has no such column.
        """
        for column in columns:
            if column not in self._columns:
                raise errors.NotFound.among(f"column of table {self.name!r}", column, self._columns)
        readers = [self._columns[column] for column in columns]
        statement = f"select {', '.join(map(_quoted, columns))} {self._where}"

        def find(keys: Sequence[Any]) -> tuple[Any, ...] | None:
            rows = self._connection.execute(statement, keys).fetchall()
            if not rows:
                return None
            read = (
                value if read is None or value is None else read(value)
                for read, value in zip(readers, rows[0], strict=True)
            )
            return (len(rows) > 1, *read)

        return find

    def key(self, at: int, value: Any) -> Any:
        """The value of one of the keys as the file holds it.

        Raises:
            Misfit: it is not of its column's type.
        """
        return stored(cell(value, self._kinds[at], required=False))


def open_table(folder: Path, table: PackagedTable, keys: Sequence[str]) -> LookupTable:
    """Open a table of an unpacked package, after writing its file if nobody has; this blocks.

    Raises:
        NotFound: it has no such column.
        Unsupported: a key is of a type by which nothing can be found.
        Failed: it cannot be read, or its file not be written.
    """
    for key in keys:
        if key not in table.columns:
            raise errors.NotFound.among(f"column of table {table.name!r}", key, table.columns)
        kind_of_key(table.name, table.columns, key)
    named = sha256(json.dumps([table.file, *keys]).encode()).hexdigest()[:16]
    file = folder / MADE_HERE / "lookups" / f"{table.name}-{named}.sqlite"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not file.exists():
                _write(folder / table.file, file, keys)
        return LookupTable(file, table, keys)
    except (OSError, sqlite3.Error, pa.ArrowException) as exc:
        raise errors.Failed(f"table {table.name!r} cannot be opened for lookups: {exc}") from exc


def _write(source: Path, file: Path, keys: Sequence[str]) -> None:
    import pyarrow.parquet as pq  # noqa: PLC0415  a node that looks nothing up needs none of it

    beside = file.with_suffix(".new")
    beside.unlink(missing_ok=True)
    with (
        pq.ParquetFile(source) as parquet,
        contextlib.closing(sqlite3.connect(beside, isolation_level=None)) as connection,
    ):
        names = parquet.schema_arrow.names
        connection.execute("pragma journal_mode = off")
        connection.execute("pragma synchronous = off")
        connection.execute(f"create table rows ({', '.join(map(_quoted, names))})")
        marks = ", ".join("?" * len(names))
        connection.execute("begin")
        for batch in parquet.iter_batches(ROWS_AT_ONCE):
            columns = [list(map(stored, plain_values(column))) for column in batch.columns]
            connection.executemany(
                f"insert into rows values ({marks})",  # noqa: S608
                zip(*columns, strict=True),
            )
        connection.execute("commit")
        connection.execute(f"create index by_keys on rows ({', '.join(map(_quoted, keys))})")
    with beside.open("rb") as written:
        os.fsync(written.fileno())
    beside.rename(file)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _reader(kind: str) -> Callable[[Any], Any] | None:
    """What makes of a stored value that of a column of an Arrow type; None: it is the same."""
    if kind == "bool":
        return bool
    return json.loads if kind.startswith(("list", "large_list", "struct", "map")) else None
