"""Files of JSON lines, query logs among them: names, a look at every row, the query that reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

import duckdb
import pyarrow as pa

from modelyard import errors
from modelyard.data import duck
from modelyard.data.diagnosis import LONGEST_LINE, broken
from modelyard.data.files import is_gzip, open_bytes
from modelyard.data.heads import jsonl_head
from modelyard.data.kinds import Kind, look
from modelyard.data.query_logs import flat_rows
from modelyard.data.types import QUERY_LOG, ReadOptions, TextFile

NAMES = """
SELECT key, min(line), min(place)
FROM (SELECT line, unnest(keys) AS key, unnest(range(len(keys))) AS place
      FROM (SELECT row_number() OVER () AS line,
                   CASE WHEN json_type(json) = 'OBJECT' THEN json_keys(json)
                        ELSE error('not an object') END AS keys
            FROM {objects}))
GROUP BY key ORDER BY 2, 3"""


def look_into(
    file: Path, options: ReadOptions, scratch: Path, first: int | None
) -> tuple[TextFile, dict[str, Kind], dict[str, str]]:
    """Read a file, or its first rows, to find its names, the kinds of their values, and its rows.

    Raises:
        NotFound: it is not there.
        Invalid: it is empty or broken; names the line.
    """
    is_log = options.format == QUERY_LOG
    with open_bytes(file) as raw:
        if not raw.read(1) and not is_log:
            raise errors.Invalid(f"{file} is empty: it has no line from which to learn its columns")
    names = read_names(file, options, scratch, first)
    if not names and is_log:  # nothing was answered yet
        return TextFile(path=str(file), names=(), rows=0), {}, {}
    seen = TextFile(path=str(file), names=tuple(names), rows=0)
    quoted = [duck.name(name) for name in names]
    with reading(seen, options, dict.fromkeys(names, "JSON"), scratch, first) as (db, table):
        rows, found = look(db, quoted, table, json=True)
    kinds = dict(zip(names, found, strict=True))
    nested = [name for name, kind in kinds.items() if kind == Kind.NESTED]
    return (
        seen.model_copy(update={"rows": rows}),
        kinds,
        _nested_types(seen, options, nested, scratch, first),
    )


def read_names(file: Path, options: ReadOptions, scratch: Path, first: int | None) -> list[str]:
    """Every name that occurs, in the order of first occurrence."""
    with _session(file, options, scratch, first, columns=1) as (db, place):
        objects = f"read_ndjson_objects({place})"
        names = [name for name, _, _ in db.sql(NAMES.format(objects=objects)).fetchall()]
    small: dict[str, str] = {}
    for name in names:
        if other := small.get(name.lower()):
            raise errors.Invalid(
                f"{file} has the columns {other!r} and {name!r}, which differ in capitals only; "
                "rename one"
            )
        small[name.lower()] = name
    return names


def _nested_types(
    layout: TextFile,
    options: ReadOptions,
    nested: list[str],
    scratch: Path,
    first: int | None,
) -> dict[str, str]:
    """DuckDB's types for columns that hold lists or objects in every row."""
    if not nested:
        return {}
    file = Path(layout.path)
    with _session(file, options, scratch, first, columns=len(layout.names)) as (db, place):
        table = (
            f"read_json({place}, format='newline_delimited', records=true, "
            "sample_size=-1, map_inference_threshold=-1)"
        )
        rows = db.sql(f"DESCRIBE FROM {table}").fetchall()
    return {row[0]: row[1] for row in rows if row[0] in nested}


@contextmanager
def reading(
    layout: TextFile,
    options: ReadOptions,
    types: Mapping[str, str],
    scratch: Path,
    first: int | None,
) -> Iterator[tuple[duckdb.DuckDBPyConnection, str]]:
    """Open a session and give it with the SQL that reads the file, or its `first` rows."""
    file = Path(layout.path)
    columns = {name: types.get(name, "VARCHAR") for name in layout.names}
    with _session(file, options, scratch, first, columns=len(columns)) as (db, place):
        yield (
            db,
            (
                f"read_json({place}, format='newline_delimited', records=true, "
                f"auto_detect=false, columns={duck.struct(columns)})"
            ),
        )


@contextmanager
def _session(
    file: Path, options: ReadOptions, scratch: Path, first: int | None, *, columns: int
) -> Iterator[tuple[duckdb.DuckDBPyConnection, str]]:
    """Open a session and give it with what SQL is told of where the file is."""
    try:
        with _rows(file, options, scratch, first) as place, duck.session(columns) as db:
            yield db, f"{duck.path(place)}, {_options(place)}"
    except (duckdb.Error, pa.ArrowException, OSError, EOFError) as exc:
        raise broken(file, ReadOptions(format="jsonl"), exc) from exc


def _rows(
    file: Path, options: ReadOptions, scratch: Path, first: int | None
) -> AbstractContextManager[Path]:
    """Where the rows are as JSON lines."""
    if options.format == QUERY_LOG:
        return flat_rows(file, first, scratch)
    return nullcontext(file) if first is None else jsonl_head(file, first, scratch)


def _options(file: Path) -> str:
    compression = "gzip" if is_gzip(file) else "uncompressed"
    return f"maximum_object_size={LONGEST_LINE}, compression='{compression}'"
