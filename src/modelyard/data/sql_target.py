"""A SQL table being written: kept aside first, then put in place in one transaction."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Column, Connection, MetaData, Table, column, insert, inspect, table, text
from sqlalchemy import types as sql
from sqlalchemy.schema import CreateTable

from modelyard import errors
from modelyard.data.databases import connected, open_database
from modelyard.data.schemas import check_names, conform
from modelyard.data.sql_types import sql_type
from modelyard.data.target import Target

WRITABLE = ("postgresql", "sqlite")
"""Databases that can take back the making of a table."""


class SqlTarget(Target):
    """Writes a table that appears whole, in place of what was there.

    Rows wait in a file without a name, so that the database is locked no longer than its own
    writing takes. The new table is made, filled and renamed in one transaction: if the writer is
    killed, the database takes everything back.

    Args:
        name: what was asked for.
        url: of the database.
        path: name of the table, schema.table if needed.
        schema: of the rows.
        token: names this writer.
        scratch: folder for the rows that wait.
        committed: called when the table has appeared.

    Raises:
        Unsupported: the database cannot take back the making of a table, or hold a column.
        Conflict: a view has the table's name.
        Unavailable: the database does not answer.
        Failed: it refuses.
    """

    def __init__(
        self,
        name: str,
        url: str,
        path: str,
        schema: pa.Schema,
        *,
        token: str,
        scratch: Path,
        committed: Callable[[], None],
    ) -> None:
        check_names(schema.names, name)
        self.name = name
        self.schema = schema
        self._committed = committed
        self._rows = 0
        self._engine = open_database(url)
        kind = self._engine.dialect.name
        if kind not in WRITABLE:
            raise errors.Unsupported(
                f"tables are written to PostgreSQL and SQLite only, not to {kind}; write a file"
            )
        place, _, self._bare = path.rpartition(".")
        columns = [Column(field.name, sql_type(field), nullable=True) for field in schema]
        self._new = Table(f"modelyard_{token}", MetaData(), *columns, schema=place or None)
        self._stored = pa.schema([
            field.with_type(_stored_type(field.type, kind)) for field in schema
        ])  # fmt: skip
        with connected(self._engine) as db:  # ends without a commit: a trial that leaves nothing
            self._make(db)
        self._waiting = tempfile.TemporaryFile(dir=scratch)  # noqa: SIM115  closed at the end
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        self._spool = pa.ipc.new_stream(self._waiting, self._stored, options=options)

    def write(self, batch: pa.RecordBatch) -> None:
        """Add rows of the target's schema.

        Raises:
            Failed: the disk is full.
        """
        fitting = conform(batch, self.schema, first_row=self._rows + 1, where=self.name)
        arrays = [
            pc.cast(array, field.type, safe=False)
            for array, field in zip(fitting.columns, self._stored, strict=True)
        ]
        try:
            self._spool.write_batch(pa.RecordBatch.from_arrays(arrays, schema=self._stored))
        except OSError as exc:
            self.abort()
            raise errors.Failed(
                f"{self.name} was not written: {exc.strerror or exc} in the workspace's folder "
                f"(after {self._rows:,} rows); the table is unchanged"
            ) from exc
        self._rows += batch.num_rows

    def commit(self) -> None:
        """Make the table appear.

        Raises:
            Unavailable: the database does not answer; nothing has changed.
            Failed: it refuses; nothing has changed.
        """
        self._spool.close()
        self._waiting.seek(0)
        with connected(self._engine) as db:
            is_there = self._make(db)
            fill = _copy if db.dialect.driver == "psycopg" else _insert
            fill(db, self._new, pa.ipc.open_stream(self._waiting))
            names = db.dialect.identifier_preparer
            if is_there:
                old = Table(self._bare, MetaData(), schema=self._new.schema)
                db.execute(text(f"DROP TABLE {_escaped(names.format_table(old))}"))
            new = f"ALTER TABLE {names.format_table(self._new)} RENAME TO {names.quote(self._bare)}"
            db.execute(text(_escaped(new)))
            db.commit()
        self._waiting.close()
        self._committed()

    def abort(self) -> None:
        """Throw away what was written."""
        self._waiting.close()

    def _make(self, db: Connection) -> bool:
        """Make the new table; say whether there is an old one to replace."""
        place = self._new.schema
        if self._bare in inspect(db).get_view_names(place):
            raise errors.Conflict(f"{self.name} is a view; write to a table of another name")
        db.execute(CreateTable(self._new))
        return self._bare in inspect(db).get_table_names(place)


def _copy(db: Connection, new: Table, batches: Iterable[pa.RecordBatch]) -> None:
    """Fill a table by PostgreSQL's COPY, many times faster than inserting."""
    driver: Any = db.connection.driver_connection
    name = db.dialect.identifier_preparer.format_table(new)
    with driver.cursor() as cursor, cursor.copy(f"COPY {name} FROM STDIN") as copy:
        for batch in batches:
            for row in zip(*(array.to_pylist() for array in batch.columns), strict=True):
                copy.write_row(row)


def _insert(db: Connection, new: Table, batches: Iterable[pa.RecordBatch]) -> None:
    # Decimals go to SQLite as texts, from which it makes numbers only where none is lost.
    columns = [column(each.name, _bound_type(each.type, db)) for each in new.columns]
    statement = insert(table(new.name, *columns, schema=new.schema))
    for batch in batches:
        if batch.num_rows:
            db.execute(statement, batch.to_pylist())


def _stored_type(kind: pa.DataType, dialect: str) -> pa.DataType:
    """The type in which values wait: one whose Python values the driver takes."""
    if pa.types.is_dictionary(kind):
        return _stored_type(kind.value_type, dialect)
    if pa.types.is_timestamp(kind):
        return pa.timestamp("us", kind.tz and "UTC")  # SQLite drops the zone
    if pa.types.is_time(kind):
        return pa.time64("us")
    if pa.types.is_decimal(kind) or kind == pa.uint64():
        digits = kind if pa.types.is_decimal(kind) else pa.decimal128(20, 0)
        return pa.string() if dialect == "sqlite" else digits
    return kind


def _bound_type(kind: sql.TypeEngine[Any], db: Connection) -> sql.TypeEngine[Any]:
    is_decimal = isinstance(kind, sql.Numeric) and not isinstance(kind, sql.Float)
    return sql.Text() if is_decimal and db.dialect.name == "sqlite" else kind


def _escaped(statement: str) -> str:
    """A statement as text() takes it: a colon in a name is no parameter."""
    return statement.replace(":", "\\:")
