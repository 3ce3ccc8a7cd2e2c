"""A table in text files: CSV, JSON lines, query logs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import duckdb
import pyarrow as pa

from modelyard import errors
from modelyard.data import csv_files, duck, jsonl_files
from modelyard.data.kinds import TYPES, Kind
from modelyard.data.schemas import conform, override
from modelyard.data.source import Source
from modelyard.data.types import QUERY_LOG, ReadOptions, TextFile, TextLayout


def lay_out(
    files: Sequence[Path],
    options: ReadOptions,
    scratch: Path,
    tell: Callable[[Path], None],
    first: int | None = None,
) -> TextLayout:
    """Read files once, to find their columns and the types that hold every value.

    Args:
        files: in the order in which they will be read.
        options: how to read them, with the format settled.
        scratch: folder for copies of files that are not UTF-8.
        tell: told which file is looked at.
        first: rows that are enough; the types then hold only their values, and no others are read.

    Raises:
        NotFound: a file is not there.
        Invalid: a file is empty or broken, or files differ in their columns; names file and line.
    """
    seen: list[TextFile] = []
    kinds: dict[str, Kind] = {}
    nested: dict[str, str] = {}
    for file in files:
        tell(file)
        if options.format == "csv":
            found, here = csv_files.look_into(file, options, scratch, first)
            if seen and set(found.names) != set(seen[0].names):
                raise errors.Invalid(_differences(seen[0], found))
        else:
            found, here, lists = jsonl_files.look_into(file, options, scratch, first)
            if any(nested.get(name, kind) != kind for name, kind in lists.items()):
                raise errors.Invalid(
                    f"{file} holds lists or objects of other types than {seen[0].path}"
                )
            nested |= lists
        seen.append(found)
        kinds |= {name: kinds.get(name, Kind(0)) | kind for name, kind in here.items()}
        if first is not None and sum(each.rows for each in seen) >= first:
            break
    else:
        first = None
    if not kinds and options.format == QUERY_LOG:
        raise errors.Invalid(f"{files[0].parent} holds no query that was answered")
    return TextLayout(
        files=tuple(seen),
        kinds={name: int(kind) for name, kind in kinds.items()},
        nested=nested,
        first=first,
    )


def _differences(first: TextFile, other: TextFile) -> str:
    missing = [name for name in first.names if name not in other.names]
    extra = [name for name in other.names if name not in first.names]
    parts = [f"lacks {', '.join(map(repr, missing))}"] if missing else []
    parts += [f"has {', '.join(map(repr, extra))} besides"] if extra else []
    return (
        f"the files have different columns: {other.path} {' and '.join(parts)}, unlike {first.path}"
    )


class TextFiles(Source):
    """A table in one or more text files, read one after the other."""

    def __init__(
        self, name: str, layout: TextLayout, options: ReadOptions, fingerprint: str, scratch: Path
    ) -> None:
        self._layout = layout
        self._options = options
        self._scratch = scratch
        nested = _arrow_types(layout.nested)
        found = pa.schema([
            (name, nested[name] if name in nested else _of(kinds)[1])
            for name, kinds in layout.kinds.items()
        ])  # fmt: skip
        schema = override(found, options.column_types)
        self._types = {
            name: layout.nested.get(name, _of(kinds)[0]) for name, kinds in layout.kinds.items()
        }
        # What a user wants otherwise is read as text, which loses nothing, and then converted.
        for field in schema:
            if not field.type.equals(found.field(field.name).type):
                self._types[field.name] = "VARCHAR"
        super().__init__(name, schema, fingerprint)

    def count(self) -> int | None:
        """Give the number of rows that the look at the files counted, where it was at all."""
        if self._layout.first is not None:
            return None
        return sum(file.rows for file in self._layout.files)

    def _stream(self, columns: list[str], rows: int) -> Iterator[pa.RecordBatch]:
        schema = pa.schema([self.schema.field(name) for name in columns])
        for file in self._layout.files:
            if not file.names:
                continue
            first_row = 1
            with self._reading(file) as (db, table):
                query = duck.select(self._selected(file, columns), table)
                for batch in duck.stream(db, query, rows=rows, columns=len(columns)):
                    named = batch.rename_columns(columns)
                    yield conform(named, schema, first_row=first_row, where=file.path)
                    first_row += batch.num_rows

    def _reading(
        self, file: TextFile
    ) -> AbstractContextManager[tuple[duckdb.DuckDBPyConnection, str]]:
        if self._options.format == "csv":
            return csv_files.reading(
                file, self._options, self._types, self._scratch, self._layout.first
            )
        first = self._layout.first
        if first is None and self._options.format == QUERY_LOG:
            first = file.rows  # it grows while it is read
        return jsonl_files.reading(file, self._options, self._types, self._scratch, first)

    def _selected(self, file: TextFile, columns: list[str]) -> list[str]:
        if self._options.format == "csv":
            return [f"c{file.names.index(name)}" for name in columns]
        # A name that no line of this file has; in other files it occurs.
        return [
            duck.name(name) if name in file.names else f"CAST(NULL AS {self._types[name]})"
            for name in columns
        ]


def _of(kinds: int) -> tuple[str, pa.DataType]:
    return TYPES.get(Kind(kinds), ("VARCHAR", pa.string()))


def _arrow_types(nested: dict[str, str]) -> dict[str, pa.DataType]:
    """The Arrow types of DuckDB's types."""
    if not nested:
        return {}
    with duck.session(len(nested)) as db:
        values = ", ".join(
            f"CAST(NULL AS {kind}) AS {duck.name(name)}" for name, kind in nested.items()
        )
        schema = db.sql(f"SELECT {values}").to_arrow_table().schema
    return {field.name: field.type for field in schema}
