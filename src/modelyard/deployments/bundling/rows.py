"""Rows as bundles hold them: a line of JSON each, sorted by their keys, the same from any database.

Columns stand by their names, sorted; JSON that a row keeps as text is part of the line. Moments are
ISO 8601 in UTC. Values that belong to a workspace are left out (`content.py`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, BinaryIO

from sqlalchemy import ColumnElement, Connection, String, Table, select

from modelyard import errors
from modelyard.deployments.bundling.content import BUNDLED, Local, Placing, Row
from modelyard.kernel.secrets import hidden
from modelyard.store.tables import Moment, metadata

AT_ONCE = 1000
LONGEST = 1 << 28
"""Bytes of a line: 256 MiB."""
JSON_COLUMNS = frozenset({"body", "summary", "variables"})


def table_of(name: str) -> Table:
    """A table that bundles hold rows of."""
    return metadata.tables[name]


def of_project(table: Table, project: str) -> ColumnElement[bool]:
    """Those rows of a table that are a project's; of projects its own."""
    column = table.c.key if table.name == "projects" else table.c.project
    return column == project


def stored(db: Connection, table: Table, project: str) -> Iterator[Row]:
    """The rows of a project, sorted by their keys as bytes; few are in memory at a time."""
    query = select(table).where(of_project(table, project))
    query = query.order_by(*(_as_bytes(db, table.c[name]) for name in BUNDLED[table.name].key))
    for row in db.execute(query, execution_options={"yield_per": AT_ONCE}):
        yield dict(row._mapping)


def portable(table: Table, row: Row) -> dict[str, Any]:
    """A row as a bundle holds it, without what belongs to its workspace."""
    local = BUNDLED[table.name].local
    found = {
        name: _plain(name, row[name])
        for name in table.c.keys()  # noqa: SIM118  not a mapping
        if name != "project" and name not in local
    }
    for path in local:
        column, _, inside = path.partition(".")
        if inside:
            _drop(found[column], inside.split("."))
    declared = BUNDLED[table.name]
    if declared.forget is not None:
        declared.forget(found, row["project"])
    for path in declared.urls:
        column, _, inside = path.partition(".")
        if inside in found[column]:
            found[column][inside] = hidden(found[column][inside], None)
    return found


def placed(table: Table, row: Row, placing: Placing, there: Row | None = None) -> dict[str, Any]:
    """A row of a bundle as one of a project: what to store in its table.

    Args:
        table: of the row.
        row: as a bundle holds it. Columns that the table has no more are passed over.
        placing: into which project, by whom.
        there: the row of this key that the project has, whose local values stay.
    """
    found = {name: value for name, value in row.items() if name in table.c}
    if "project" in table.c:
        found["project"] = placing.project
    old = {} if there is None else {name: _plain(name, there[name]) for name in there}
    for path, local in BUNDLED[table.name].local.items():
        _put(found, path.split("."), _local(local, path, placing, row, old))
    return {name: _stored(table, name, value) for name, value in found.items()}


def is_same(table: Table, row: Row, there: Row) -> bool:
    """Whether a row that is there is already what a bundle says."""
    now = portable(table, there)
    return all(now.get(name) == value for name, value in row.items())


def key_of(table: Table, row: Row) -> tuple[str, ...]:
    """What tells a row from the others of its table and project."""
    return tuple(str(row[name]) for name in BUNDLED[table.name].key)


def line(row: Row) -> bytes:
    """A row as a line.

    Raises:
        Failed: it is too long to be read back.
    """
    text = json.dumps(row, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
    told = text.encode("utf-8", "surrogatepass") + b"\n"
    if len(told) > LONGEST:
        raise errors.Failed(f"a row is longer than {LONGEST:,} bytes")
    return told


def lines(source: BinaryIO) -> Iterator[dict[str, Any]]:
    """The rows that a file of a bundle holds.

    Raises:
        Invalid: a line is none that we write.
    """
    while told := source.readline(LONGEST + 1):
        if not told.endswith(b"\n"):
            raise errors.Invalid("one of its rows is too long, or cut off")
        try:
            row = json.loads(told)
        except (ValueError, RecursionError) as exc:
            raise errors.Invalid(f"one of its rows cannot be read: {exc}") from exc
        if not isinstance(row, dict):
            raise errors.Invalid("one of its rows names no columns")
        yield row


def written(
    rows: Iterable[Row], table: Table, change: Callable[[dict[str, Any]], dict[str, Any] | None]
) -> Iterator[bytes]:
    """Rows that are stored as lines; `change` says how each is told, None: it is left out."""
    for row in rows:
        told = change(portable(table, row))
        if told is not None:
            yield line(told)


def _as_bytes(db: Connection, column: ColumnElement[Any]) -> ColumnElement[Any]:
    """SQLite sorts texts by their bytes anyway, PostgreSQL by the letters of some language."""
    is_text = isinstance(column.type, String)
    return column.collate("C") if is_text and db.dialect.name == "postgresql" else column


def _plain(name: str, value: Any) -> Any:
    if name in JSON_COLUMNS and isinstance(value, str):
        return json.loads(value or "{}")
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value


def _stored(table: Table, name: str, value: Any) -> Any:
    if name in JSON_COLUMNS and not isinstance(value, str):
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    if isinstance(table.c[name].type, Moment) and isinstance(value, str):
        return datetime.fromisoformat(value)
    return value


def _local(local: Local, path: str, placing: Placing, row: Row, old: Mapping[str, Any]) -> Any:
    if local.stays:
        found: Any = old
        for name in path.split("."):
            if not isinstance(found, Mapping) or name not in found:
                break
            found = found[name]
        else:
            return found
    return local.fill(placing, row)


def _drop(value: Any, path: list[str]) -> None:
    for name in path[:-1]:
        value = value.get(name) if isinstance(value, dict) else None
    if isinstance(value, dict):
        value.pop(path[-1], None)


def _put(found: dict[str, Any], path: list[str], value: Any) -> None:
    """Put a value at its path; what holds it is copied, since the row is somebody's."""
    for name in path[:-1]:
        inside = found.get(name)
        if not isinstance(inside, dict):
            return
        found[name] = found = dict(inside)
    found[path[-1]] = value
