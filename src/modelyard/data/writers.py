"""Rows as bytes of a file: Parquet, CSV, JSON lines."""

from __future__ import annotations

import codecs
import gzip
from collections.abc import Callable
from typing import Any, BinaryIO, Protocol, cast

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from modelyard import errors
from modelyard.data import duck
from modelyard.data.files import codec_of
from modelyard.data.schemas import is_bytes
from modelyard.data.types import ReadFormat, ReadOptions

GROUP_ROWS = 131_072
GROUP_BYTES = 64 << 20
"""A Parquet row group is written when it has so many rows or bytes."""
LOOKED_AT = 8192  # rows that show whether a column's values repeat


class Writer(Protocol):
    """Turns batches into bytes."""

    def write(self, batch: pa.RecordBatch) -> None:
        """Add rows."""
        ...

    def close(self) -> None:
        """Write what is still held, and the format's end; the sink stays open."""
        ...


def open_writer(options: ReadOptions, sink: BinaryIO, schema: pa.Schema, *, zipped: bool) -> Writer:
    """Make the writer of a format.

    Args:
        options: format, and for CSV the delimiter, quote and encoding, so that the same options
            read the file again.
        sink: where bytes go.
        schema: of the rows.
        zipped: gzip the bytes.

    Raises:
        Unsupported: the format cannot hold a column's type, or a quote other than " is asked.
    """
    if options.format == "parquet":
        return ParquetRows(sink, schema)
    kinds: dict[ReadFormat | None, Callable[[BinaryIO, pa.Schema, ReadOptions], Writer]] = {
        "csv": CsvRows,
        "jsonl": JsonRows,
    }
    if not zipped:
        return kinds[options.format](sink, schema, options)
    # The same rows give the same bytes: no time of writing in the file.
    zipper = cast("BinaryIO", gzip.GzipFile("", "wb", 6, sink, mtime=0))
    return Zipped(kinds[options.format](zipper, schema, options), zipper)


class Zipped:
    """Closes a writer, then the gzip stream below it."""

    def __init__(self, writer: Writer, zipper: BinaryIO) -> None:
        self.write = writer.write
        self._writer = writer
        self._zipper = zipper

    def close(self) -> None:
        """Write what is still held, and the end of the gzip stream."""
        self._writer.close()
        self._zipper.close()


class ParquetRows:
    """Parquet, in row groups of a good size whatever the size of the batches."""

    def __init__(self, sink: BinaryIO, schema: pa.Schema) -> None:
        self._sink = sink
        self._schema = schema
        self._writer: pq.ParquetWriter | None = None
        self._held: list[pa.RecordBatch] = []

    def write(self, batch: pa.RecordBatch) -> None:
        """Hold rows until they fill a row group."""
        self._held.append(batch)
        rows = sum(held.num_rows for held in self._held)
        if rows >= GROUP_ROWS or sum(held.nbytes for held in self._held) >= GROUP_BYTES:
            self._write_group()

    def close(self) -> None:
        """Write the last row group and the footer."""
        try:
            if self._held or self._writer is None:
                self._write_group()
        finally:
            if self._writer is not None:
                self._writer.close()

    def _write_group(self) -> None:
        held, self._held = self._held, []  # if writing fails, closing shall not try again
        group = pa.Table.from_batches(held, self._schema)
        if self._writer is None:
            self._writer = pq.ParquetWriter(
                self._sink, self._schema, compression="zstd", use_dictionary=_repeating(group)
            )
        if group.num_rows:
            self._writer.write_table(group)


def _repeating(group: pa.Table) -> bool | list[str]:
    """The columns that a dictionary makes smaller; for others, such as probabilities, it is slow.

    True stands for all, where columns within columns would have to be named.
    """
    if any(pa.types.is_nested(field.type) for field in group.schema):
        return True
    rows = group.slice(0, LOOKED_AT)
    return [name for name in rows.column_names if _repeats(rows[name])]


def _repeats(column: pa.ChunkedArray) -> bool:
    kind = column.type
    if not (pa.types.is_primitive(kind) or pa.types.is_string(kind)):
        return True
    distinct: int = pc.count_distinct(column).as_py()
    return 2 * distinct <= len(column)


class CsvRows:
    """CSV with a header; a missing value is an empty cell."""

    def __init__(self, sink: BinaryIO, schema: pa.Schema, options: ReadOptions) -> None:
        if options.quote not in (None, '"'):
            raise errors.Unsupported(
                f'CSV is written with the quote ", not {options.quote!r}; write to another dataset'
            )
        for field in schema:
            if pa.types.is_nested(field.type):
                raise errors.Unsupported(
                    f"column {field.name!r} is of type {field.type}, which no CSV cell holds; "
                    "write Parquet or JSON lines, or leave the column out"
                )
        self._schema = _plain(schema)
        self._writer = pacsv.CSVWriter(
            _encoded(sink, options.encoding),
            self._schema,
            write_options=pacsv.WriteOptions(delimiter=options.delimiter or ","),
        )

    def write(self, batch: pa.RecordBatch) -> None:
        """Write rows."""
        self._writer.write_batch(_cast(batch, self._schema))

    def close(self) -> None:
        """Write the header if there were no rows."""
        self._writer.close()


class JsonRows:
    """JSON lines; values that JSON has no number for (NaN, infinity) are null."""

    def __init__(self, sink: BinaryIO, schema: pa.Schema, _options: ReadOptions) -> None:
        small = [name.lower() for name in schema.names]
        if len(set(small)) < len(small):
            twice = [name for name in schema.names if small.count(name.lower()) > 1]
            raise errors.Unsupported(
                f"the columns {', '.join(map(repr, twice))} differ in capitals only, which JSON "
                "lines do not hold; rename one, or write Parquet or CSV"
            )
        self._sink = sink
        self._view = "rows"
        while self._view in small:
            self._view += "_"
        self._db = duck.session(len(schema))

    def write(self, batch: pa.RecordBatch) -> None:
        """Write rows."""
        finite = [
            pc.if_else(pc.is_finite(array), array, None)
            if pa.types.is_floating(array.type)
            else array
            for array in batch.columns
        ]
        self._db.register(self._view, pa.Table.from_arrays(finite, names=batch.schema.names))
        view = duck.name(self._view)
        lines = self._db.sql(duck.select([f"CAST(to_json({view}) AS VARCHAR) AS line"], view))
        text = "\n".join(lines.to_arrow_table()["line"].to_pylist())
        if text:
            self._sink.write(f"{text}\n".encode())
        self._db.unregister(self._view)

    def close(self) -> None:
        """End the session."""
        self._db.close()


def _plain(schema: pa.Schema) -> pa.Schema:
    """A schema without dictionaries, views and bytes, which CSV writing does not know."""

    def plain_type(kind: pa.DataType) -> pa.DataType:
        if pa.types.is_dictionary(kind):
            return plain_type(kind.value_type)
        if pa.types.is_string_view(kind):
            return pa.string()
        return pa.string() if is_bytes(kind) else kind

    return pa.schema([field.with_type(plain_type(field.type)) for field in schema])


def _cast(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    if batch.schema.equals(schema):
        return batch
    arrays = []
    for array, field in zip(batch.columns, schema, strict=True):
        try:
            arrays.append(pc.cast(array, field.type))
        except pa.ArrowException as exc:
            raise errors.Failed(
                f"column {field.name!r} holds bytes that are no text, which CSV cannot hold; write "
                "Parquet, or leave the column out"
            ) from exc
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _encoded(sink: BinaryIO, encoding: str | None) -> Any:
    """The sink for UTF-8 bytes that writes them in another encoding."""
    codec = codec_of(encoding)
    return sink if codec == "utf-8-sig" else _Recoded(sink, codec)


class _Recoded:
    """A sink of whole lines in UTF-8, written in another encoding."""

    closed = False

    def __init__(self, sink: BinaryIO, codec: str) -> None:
        self._sink = sink
        self._codec = codec
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._encoder = codecs.getincrementalencoder(codec)()

    def write(self, data: bytes) -> int:
        text = self._decoder.decode(bytes(data))
        try:
            self._sink.write(self._encoder.encode(text))
        except UnicodeEncodeError as exc:
            character = exc.object[exc.start : exc.end]
            raise errors.Failed(
                f"the character {character!r} cannot be written in the encoding {self._codec}; "
                "write to a dataset in UTF-8"
            ) from exc
        return len(data)

    def flush(self) -> None:
        self._sink.flush()

    def close(self) -> None:
        """Leave the sink open for its owner."""
