"""A table in Parquet files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from modelyard import errors
from modelyard.data.schemas import check_names, conform, override
from modelyard.data.source import Source


class ParquetFiles(Source):
    """A table in one or more Parquet files, read one after the other.

    Raises:
        NotFound: a file is not there.
        Invalid: a file is no Parquet file or damaged, or files differ in their columns.
    """

    def __init__(
        self, name: str, files: Sequence[Path], column_types: Mapping[str, str], fingerprint: str
    ) -> None:
        self._files = files
        self._rows = 0
        schemas: list[pa.Schema] = []
        for file in files:
            with _opened(file) as parquet:
                check_names(parquet.schema_arrow.names, str(file))
                schemas.append(parquet.schema_arrow.remove_metadata())
                self._rows += parquet.metadata.num_rows
        schema = override(_unified(schemas, files), column_types)
        self._as_it_is = schema == schemas[0]
        super().__init__(name, schema, fingerprint)

    def count(self) -> int:
        """Give the number of rows that the files' footers say."""
        return self._rows

    def one_parquet_file(self) -> Path | None:
        """The file, if it is one and no column is read as another type."""
        return self._files[0] if len(self._files) == 1 and self._as_it_is else None

    def _stream(self, columns: list[str], rows: int) -> Iterator[pa.RecordBatch]:
        schema = pa.schema([self.schema.field(name) for name in columns])
        for file in self._files:
            first_row = 1
            with _opened(file) as parquet:
                for batch in parquet.iter_batches(rows, columns=columns, use_threads=False):
                    chosen = batch.select(columns)
                    yield conform(chosen, schema, first_row=first_row, where=str(file))
                    first_row += batch.num_rows


@contextmanager
def _opened(file: Path) -> Iterator[pq.ParquetFile]:
    """Open a file so that it is read in small parts, however large its row groups are."""
    try:
        with pq.ParquetFile(file, buffer_size=1 << 20, pre_buffer=False) as parquet:
            yield parquet
    except FileNotFoundError as exc:
        raise errors.NotFound(f"there is no file {file}") from exc
    except PermissionError as exc:
        raise errors.Invalid(f"{file} cannot be read: {exc.strerror}") from exc
    except (pa.ArrowException, OSError) as exc:
        if file.stat().st_size == 0:
            raise errors.Invalid(f"{file} is empty; it is no Parquet file") from exc
        said = str(exc).partition("\n")[0]
        raise errors.Invalid(f"{file} is damaged or no Parquet file: {said}") from exc


def _unified(schemas: Sequence[pa.Schema], files: Sequence[Path]) -> pa.Schema:
    """One schema that holds the values of all files."""
    first = schemas[0]
    for schema, file in zip(schemas, files, strict=True):
        if set(schema.names) != set(first.names):
            differing = sorted(set(schema.names) ^ set(first.names))
            raise errors.Invalid(
                f"the files have different columns: {', '.join(map(repr, differing))} "
                f"{'is' if len(differing) == 1 else 'are'} in only one of {files[0]} and {file}"
            )
    try:
        return pa.unify_schemas(schemas, promote_options="permissive")
    except pa.ArrowException as exc:
        said = str(exc).partition("\n")[0]
        raise errors.Invalid(
            f"the files in {files[0].parent} differ in the types of their columns: {said}"
        ) from exc
