"""From a definition to a source: looks up its connection, finds its files, learns its schema."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection as Database

from modelyard.data import databases, repository
from modelyard.data.mlflow_servers import no_data
from modelyard.data.parquet_files import ParquetFiles
from modelyard.data.places import FilePlace, TablePlace, find_files, find_place, fingerprint
from modelyard.data.repository import Known
from modelyard.data.schemas import columns_of
from modelyard.data.source import Source
from modelyard.data.sql_source import SqlSource
from modelyard.data.text_files import TextFiles, lay_out
from modelyard.data.types import Connection, Dataset, Definition, TextLayout
from modelyard.kernel import paths
from modelyard.kernel.context import Context

SCRATCH = "scratch"


@dataclass(frozen=True)
class Opened:
    """A source, with what is to be remembered of it."""

    source: Source
    known: Known


def scratch(context: Context) -> Path:
    """The folder for files without a name."""
    folder = context.folder / SCRATCH
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def locate(context: Context, db: Database, definition: Definition) -> FilePlace | TablePlace:
    """Find the place of a definition.

    Raises:
        NotFound: its connection is not there.
        Invalid: its connection is of the wrong kind.
        Forbidden: a link leads out of what this caller may reach.
    """
    if definition.connection is None:
        return find_place(context, definition, None, "")
    found = repository.find_connection(db, definition.project, definition.connection)
    return find_place(context, definition, found.kind, located(context, found))


def located(context: Context, connection: Connection) -> str:
    """The folder of a connection on this machine, or its URL with the file of an SQLite one."""
    if connection.kind == "mlflow":
        raise no_data(connection.name)
    if connection.kind == "sql":
        return databases.located(context, connection.project, connection.location)
    return str(paths.locate(context, connection.project, connection.location))


def open_definition(
    context: Context,
    definition: Definition,
    *,
    known: Known | None = None,
    first: int | None = None,
) -> Opened:
    """Open what a definition names.

    Args:
        context: the workspace.
        definition: of a dataset or a path.
        known: what was remembered; text files that have not changed since are not looked at again.
        first: rows of text files that are enough, so that large ones are not read as a whole.

    Raises:
        NotFound: the connection, files or table are not there.
        Invalid: the data is empty, damaged or of no known format.
        Unavailable: the database does not answer.
    """
    with context.read() as db:
        place = locate(context, db, definition)
    if isinstance(place, TablePlace):
        source: Source = SqlSource(
            definition.name,
            place.url,
            table=place.table,
            query=place.query,
            column_types=definition.options.column_types,
        )
        return Opened(source, Known(dataset=_described(definition, source)))
    return _open_files(context, definition, place, known, first)


def _open_files(
    context: Context,
    definition: Definition,
    place: FilePlace,
    known: Known | None,
    first: int | None,
) -> Opened:
    files, options = find_files(context, place)
    digest, size = fingerprint(files, options)
    layout: TextLayout | None = None
    if options.format == "parquet":
        source: Source = ParquetFiles(definition.name, files, options.column_types, digest)
    else:
        if known is not None and known.dataset.fingerprint == digest and known.layout is not None:
            layout = known.layout
        else:
            layout = lay_out(
                files,
                options,
                scratch(context),
                lambda file: context.progress(f"looking at {file.name}"),
                first,
            )
        source = TextFiles(definition.name, layout, options, digest, scratch(context))
    dataset = _described(definition, source).model_copy(
        update={"format": options.format, "size": size, "fingerprint": digest}
    )
    return Opened(source, Known(dataset=dataset, layout=layout))


def _described(definition: Definition, source: Source) -> Dataset:
    is_file = source.fingerprint is not None
    return Dataset(
        **{name: getattr(definition, name) for name in Definition.model_fields},
        columns=columns_of(source.schema),
        rows=source.count() if is_file else None,
        created=getattr(definition, "created", None),
    )
