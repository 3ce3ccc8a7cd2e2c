"""A SQL table or query as a stream."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, Executable, Inspector, column, func, inspect, select, table, text
from sqlalchemy import types as sql
from sqlalchemy.sql.expression import TableClause

from modelyard import errors
from modelyard.data.databases import connected, open_database, require_file
from modelyard.data.duck import CELLS
from modelyard.data.schemas import check_names, conform, near, override
from modelyard.data.source import Source
from modelyard.data.sql_types import arrow_type
from modelyard.data.sql_values import array_of, natural, wider

INFER_ROWS = 10_000


class SqlSource(Source):
    """A table, view or query of a database, streamed from its cursor.

    A table with a primary key is read in the order of that key, others in the database's own
    order. Columns whose type the database does not tell (decimals without digits, expressions in
    SQLite) are read once to find it.

    Raises:
        NotFound: no such table or database file.
        Invalid: two columns have one name.
        Unavailable: the database does not answer.
        Failed: it refuses the query.
    """

    def __init__(
        self,
        name: str,
        url: str,
        *,
        table: str | None,
        query: str | None,
        column_types: Mapping[str, str],
    ) -> None:
        self._engine = open_database(url)
        require_file(self._engine)
        self._place = name
        self._table: TableClause | None = None
        with self._connected() as db:
            if table is not None:
                types = self._describe_table(db, table)
            else:
                self._query: Executable = text(_plain(query or ""))
                types = self._describe_query(db)
            check_names(list(types), name)
            unknown = [key for key, kind in types.items() if kind is None]
            found = self._inferred(db, list(types), unknown) if unknown else {}
        schema = pa.schema([(key, kind or found[key]) for key, kind in types.items()])
        super().__init__(name, override(schema, column_types), None)

    def count(self) -> int | None:
        """Count the rows of a table; None for a query, which would have to run for it."""
        if self._table is None:
            return None
        with self._connected() as db:
            return db.scalar(select(func.count()).select_from(self._table))

    def _stream(self, columns: list[str], rows: int) -> Iterator[pa.RecordBatch]:
        schema = pa.schema([self.schema.field(name) for name in columns])
        first_row = 1
        with self._connected() as db:
            for values in self._parts(db, self.schema.names, columns, rows):
                arrays = [
                    array_of(part, field.type) for part, field in zip(values, schema, strict=True)
                ]
                batch = pa.RecordBatch.from_arrays(arrays, names=columns)
                yield conform(batch, schema, first_row=first_row, where=self._place)
                first_row += batch.num_rows

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        """Connect for reading only."""
        with connected(self._engine) as db:
            if db.dialect.name == "sqlite":
                db.exec_driver_sql("PRAGMA query_only = ON")
            yield db.execution_options(postgresql_readonly=True)

    def _describe_table(self, db: Connection, name: str) -> dict[str, pa.DataType | None]:
        inspector = inspect(db)
        schema, found = find_table(inspector, name)
        with warnings.catch_warnings(action="ignore"):  # of types that SQLAlchemy does not know
            described = inspector.get_columns(found, schema)
        key = inspector.get_pk_constraint(found, schema)["constrained_columns"]
        # Values are taken raw: what does not fit its column is then an error that names the row.
        columns = [column(each["name"], sql.NullType()) for each in described]
        self._table = table(found, *columns, schema=schema)
        self._query = select(*columns).select_from(self._table).order_by(*map(column, key))
        return {each["name"]: arrow_type(each["type"], db.dialect) for each in described}

    def _describe_query(self, db: Connection) -> dict[str, pa.DataType | None]:
        with self._executed(db, 1) as result:
            names = list(result.keys())
            check_names(names, self._place)
            told = result.cursor.description
            return {name: _told_type(db, facts) for name, facts in zip(names, told, strict=True)}

    def _inferred(
        self, db: Connection, names: list[str], unknown: list[str]
    ) -> dict[str, pa.DataType]:
        found: dict[str, pa.DataType] = dict.fromkeys(unknown, pa.null())
        for values in self._parts(db, names, unknown, INFER_ROWS):
            for name, part in zip(unknown, values, strict=True):
                found[name] = wider(found[name], natural(part).type)
        return {name: pa.string() if kind == pa.null() else kind for name, kind in found.items()}

    def _parts(
        self, db: Connection, names: Sequence[str], wanted: Sequence[str], rows: int
    ) -> Iterator[list[Sequence[Any]]]:
        """The values of the wanted columns, by column, some rows at a time."""
        places = [names.index(name) for name in wanted]
        with self._executed(db, max(1, min(rows, CELLS // len(names)))) as result:
            for part in result.partitions():
                values = list(zip(*part, strict=True))
                yield [values[place] for place in places]

    @contextmanager
    def _executed(self, db: Connection, rows: int) -> Iterator[Any]:
        result = db.execute(self._query, execution_options={"yield_per": rows})
        try:
            if not result.returns_rows:
                raise errors.Invalid(f"{self._place} is a query that gives no rows; write a SELECT")
            yield result
        finally:
            result.close()


def find_table(inspector: Inspector, name: str) -> tuple[str | None, str]:
    """The schema (None: the default one) and the name of a table or view.

    Raises:
        NotFound: there is none; names those that are near.
    """
    schema, _, bare = name.rpartition(".")
    for place, found in ((None, name), (schema or None, bare)):
        known = [*inspector.get_table_names(place), *inspector.get_view_names(place)]
        if found in known:
            return place, found
    raise errors.NotFound(f"the database has no table {name!r}{near(name, known)}")


def _plain(query: str) -> str:
    """A query as it was written: a colon in it names no parameter."""
    return query.strip().rstrip(";").replace(":", "\\:")


def _told_type(db: Connection, facts: Any) -> pa.DataType | None:
    """The type of a query's column, where the driver tells it (PostgreSQL)."""
    driver: Any = db.connection.driver_connection
    known = getattr(driver, "adapters", None)
    info = known.types.get(facts[1]) if known is not None and facts[1] is not None else None
    if info is None:
        return None
    name = info.regtype
    kinds: Mapping[str, Any] = vars(type(db.dialect)).get("ischema_names", {})
    kinds = kinds or getattr(db.dialect, "ischema_names", {})
    kind = kinds.get(name)
    if kind is None:
        return None
    if issubclass(kind, sql.Numeric) and not issubclass(kind, sql.Float):
        return arrow_type(kind(facts.precision, facts.scale), db.dialect)
    if issubclass(kind, sql.DateTime):
        return arrow_type(kind(timezone=name.endswith("with time zone")), db.dialect)
    return arrow_type(kind(), db.dialect)
