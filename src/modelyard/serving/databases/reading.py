"""A table in a database that finds rows by keys: a statement that stays, many keys at once."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from decimal import Decimal
from functools import partial
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    DateTime,
    Select,
    bindparam,
    column,
    func,
    inspect,
    select,
    table,
    tuple_,
)
from sqlalchemy import types as sql
from sqlalchemy.exc import NoSuchTableError

from modelyard import errors
from modelyard.serving.databases.asking import Database
from modelyard.serving.packages.types import ReferencedTable
from modelyard.serving.rows.cells import Misfit, cell
from modelyard.serving.tables.values import kind_of_key, stored

Found = tuple[Any, ...] | None
AT_ONCE = 1000
"""Keys in one question."""
MOST_REMEMBERED = 10_000
ASKED = "keys"
PLAIN = (str, int, float, bytes, dt.date, dt.time, Decimal)
RANK = "modelyard_rank"
WHOLE, NUMBER, TEXT, BOOLEAN, MOMENT, DATE = "int", "float", "text", "boolean", "time", "date"
FAMILIES: tuple[tuple[type[sql.TypeEngine[Any]], str], ...] = (
    (sql.Boolean, BOOLEAN),
    (sql.Integer, WHOLE),
    (sql.Numeric, NUMBER),
    (sql.Float, NUMBER),
    (sql.DateTime, MOMENT),
    (sql.Date, DATE),
    (sql.String, TEXT),
    (sql.Uuid, TEXT),
)
PREFIXES = {
    **dict.fromkeys(("int", "uint"), WHOLE),
    **dict.fromkeys(("float", "double", "halffloat", "decimal"), NUMBER),
    **dict.fromkeys(("string", "large_string", "dictionary<values=string"), TEXT),
    "bool": BOOLEAN,
    "timestamp": MOMENT,
    "date": DATE,
}


class TableReader:
    """Finds rows of a table by the values of some columns.

    Args:
        database: that holds the table.
        told: what the package says of it.
        keys: columns by which rows are found, in the order in which they are given.
        columns: what is read of a row.
        cache_seconds: how long what was found is remembered; 0: not at all.
    """

    def __init__(
        self,
        database: Callable[[], Database],
        told: ReferencedTable,
        keys: Sequence[str],
        columns: Sequence[str],
        cache_seconds: float = 0,
    ) -> None:
        self.name = told.name
        self._database = database
        self._told = told
        self._kinds = [kind_of_key(told.name, told.columns, key) for key in keys]
        self._zoned = ["tz=" in told.columns[key] for key in keys]
        self._readers = [_reader(told.columns[name]) for name in columns]
        self._one, self._many = _statements(told, keys, columns)
        self._cached = cache_seconds
        self._remembered: dict[tuple[Any, ...], tuple[float, Found]] = {}

    def key(self, at: int, value: Any) -> Any:
        """The value of one of the keys as it is asked for; Misfit if it is not of its type."""
        found = cell(value, self._kinds[at], required=False)
        if isinstance(found, dt.datetime) and self._zoned[at]:
            return found.replace(tzinfo=dt.UTC)
        return found

    async def find(self, wanted: Sequence[Sequence[Any]]) -> list[Found]:
        """The first row of each of some keys' values: whether there are more, and what is read.

        Raises:
            Unavailable: the database does not answer.
            NotFound: the node has no such connection any more.
            Failed: the database refuses.
        """
        keys = [tuple(map(stored, each)) for each in wanted]
        now = time.monotonic()
        found = {each: held[1] for each in keys if (held := self._held(each, now))}
        missing = {
            each: tuple(given)
            for each, given in zip(keys, wanted, strict=True)
            if each not in found
        }
        if missing:
            asked = partial(self._read, wanted=list(missing.values()))
            read = await self._database().run(asked)
            fresh = {each: read.get(each) for each in missing}
            found |= fresh
            self._remember(fresh, now)
        return [found[each] for each in keys]

    def check(self, db: Connection) -> None:
        """See whether the table is what the package tells of; errors as in `check_table`."""
        check_table(db, self._told)

    def _read(self, db: Connection, wanted: Sequence[tuple[Any, ...]]) -> dict[Any, Found]:
        """What the database holds, by keys."""
        if len(wanted) == 1:
            given = {f"{ASKED}{at}": value for at, value in enumerate(wanted[0])}
            rows = db.execute(self._one, given).fetchall()
            return {tuple(map(stored, wanted[0])): self._shaped(rows)} if rows else {}
        found: dict[Any, list[Any]] = {}
        width = len(self._kinds)
        for begin in range(0, len(wanted), AT_ONCE):
            part = list(wanted[begin : begin + AT_ONCE])
            part += part[-1:] * (_padded(len(part)) - len(part))  # few statements are prepared
            given = {ASKED: part if width > 1 else [each[0] for each in part]}
            for row in db.execute(self._many, given):
                key = tuple(
                    _key_read(kind, value)
                    for kind, value in zip(self._kinds, row[:width], strict=True)
                )
                found.setdefault(key, []).append(row[width:])
        return {key: self._shaped(rows) for key, rows in found.items()}

    def _shaped(self, rows: Sequence[Any]) -> Found:
        values = (read(value) for read, value in zip(self._readers, rows[0], strict=False))
        return (len(rows) > 1, *values)

    def _held(self, key: tuple[Any, ...], now: float) -> tuple[float, Found] | None:
        held = self._remembered.get(key) if self._cached else None
        return held if held and held[0] > now else None

    def _remember(self, fresh: Mapping[tuple[Any, ...], Found], now: float) -> None:
        if not self._cached:
            return
        if len(self._remembered) + len(fresh) > MOST_REMEMBERED:
            self._remembered = {
                key: held for key, held in self._remembered.items() if held[0] > now
            }
            while self._remembered and len(self._remembered) + len(fresh) > MOST_REMEMBERED:
                del self._remembered[next(iter(self._remembered))]
        until = now + self._cached
        self._remembered |= {key: (until, found) for key, found in fresh.items()}


def check_table(db: Connection, told: ReferencedTable) -> None:
    """See whether the table is there, with columns of the types that the package tells of.

    Raises:
        NotFound: the table or a column is not there.
        Invalid: a column is of another type.
    """
    schema, name = _named(told)
    place = f"table {told.table!r}"
    try:
        there = {each["name"]: each["type"] for each in inspect(db).get_columns(name, schema)}
    except NoSuchTableError:
        known = inspect(db).get_table_names(schema)
        raise errors.NotFound.among("table in the database", told.table, known) from None
    for wanted, kind in told.columns.items():
        if wanted not in there:
            raise errors.NotFound.among(f"column of {place} named", wanted, there)
        was, now = _family_told(kind), _family_there(there[wanted])
        if None not in (was, now) and was != now and (was, now) != (NUMBER, WHOLE):
            raise errors.Invalid(
                f"column {wanted!r} of {place} holds {there[wanted]}, and the package was made "
                f"for {kind}",
                column=wanted,
            )


def _statements(
    told: ReferencedTable, keys: Sequence[str], columns: Sequence[str]
) -> tuple[Select[Any], Select[Any]]:
    """What finds the rows of one key, at most two of them; and those of many."""
    schema, name = _named(told)
    found_by = [column(key, _bound(told.columns[key])) for key in keys]
    read: list[ColumnElement[Any]] = [column(each) for each in columns]
    there = table(name, *_each_once(found_by, read), schema=schema)
    one = select(*read).select_from(there).limit(2)
    for at, each in enumerate(found_by):
        one = one.where(each == bindparam(f"{ASKED}{at}", type_=each.type))
    asked: BindParameter[Any] = bindparam(ASKED, expanding=True)
    wanted: ColumnElement[bool] = (
        tuple_(*found_by).in_(asked) if len(keys) > 1 else found_by[0].in_(asked)
    )
    rank = func.row_number().over(partition_by=found_by, order_by=found_by).label(RANK)
    named = [each.label(f"k{at}") for at, each in enumerate(found_by)]
    named += [each.label(f"c{at}") for at, each in enumerate(read)]
    inner = select(*named, rank).select_from(there).where(wanted).subquery()
    taken = [each for each in inner.c if each.name != RANK]
    return one, select(*taken).where(inner.c[RANK] <= 2)  # a second row says that there are several


def _each_once(*several: Sequence[Any]) -> list[Any]:
    return list({each.name: each for part in reversed(several) for each in part}.values())


def _named(told: ReferencedTable) -> tuple[str | None, str]:
    """Schema, where it has one, and name of a table."""
    schema, _, name = told.table.rpartition(".")
    return schema or None, name


def _bound(kind: str) -> sql.TypeEngine[Any] | None:
    """How a key travels: times as such, all else as its driver likes, so that an index serves."""
    return DateTime(timezone="tz=" in kind) if kind.startswith("timestamp") else None


def _padded(size: int) -> int:
    return min(AT_ONCE, 1 << (size - 1).bit_length())


def _key_read(kind: str, value: Any) -> Any:
    """The value of a key that the database tells, as it was asked for."""
    return stored(cell(_plain(value), kind, required=False))


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, PLAIN) else str(value)


def _family_told(kind: str) -> str | None:
    return next((each for prefix, each in PREFIXES.items() if kind.startswith(prefix)), None)


def _family_there(kind: sql.TypeEngine[Any]) -> str | None:
    return next((family for each, family in FAMILIES if isinstance(kind, each)), None)


def _reader(kind: str) -> Callable[[Any], Any]:
    """What makes of a database's value that of a column of an Arrow type, as copies have it."""
    family = _family_told(kind)

    def read(value: Any) -> Any:
        if value is None:
            return None
        if family == BOOLEAN:
            return bool(value)
        if family == NUMBER and not kind.startswith("decimal"):
            return float(value)
        if family == MOMENT and isinstance(value, str):  # as which SQLite keeps it
            with suppress(Misfit):
                return stored(cell(value, "datetime", required=False))
        if isinstance(value, list | dict | bool):
            return value
        return stored(value) if isinstance(value, PLAIN) else str(value)

    return read
