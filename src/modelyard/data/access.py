"""How other rooms read and write data: by a dataset's name or by a path.

Wherever a dataset's name is accepted so is the path of a file, a folder or a pattern, and
`connection://NAME/PATH-OR-TABLE`.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import pyarrow as pa
from sqlalchemy import Connection as Database

from modelyard import errors
from modelyard.data import mlflow_servers, repository
from modelyard.data.file_target import FileTarget
from modelyard.data.filtering import RowFilter, read_filter
from modelyard.data.mlflow_servers import require_reach
from modelyard.data.opening import Opened, locate, located, open_definition, scratch
from modelyard.data.places import (
    PREFIX,
    FilePlace,
    TablePlace,
    check_options,
    define,
    format_of,
    overlap,
)
from modelyard.data.repository import Known
from modelyard.data.sampling import sample, sampled
from modelyard.data.schemas import columns_of, near, require_columns
from modelyard.data.source import Source
from modelyard.data.sql_target import SqlTarget
from modelyard.data.target import Target
from modelyard.data.types import QUERY_LOG, Definition
from modelyard.files.access import room
from modelyard.kernel import paths
from modelyard.kernel.context import Context
from modelyard.kernel.values import FILES

__all__ = [
    "PREFIX",
    "RowFilter",
    "Source",
    "Target",
    "check_output",
    "columns_of",
    "connection_folder",
    "database_table",
    "database_url",
    "forget_project",
    "kept_name",
    "mlflow_address",
    "near",
    "open_source",
    "open_target",
    "read_filter",
    "require_columns",
    "require_reach",
    "sample",
    "sampled",
]


def open_source(context: Context, project: str, name_or_path: str) -> Source:
    """Open a dataset, or a path, for reading.

    Raises:
        NotFound: it is no dataset and no file; names those that are near.
        Invalid: the file is empty, damaged or of no known format.
        Unavailable: the database does not answer.
    """
    return open_known(context, project, name_or_path).source


def open_known(
    context: Context, project: str, name_or_path: str, *, first: int | None = None
) -> Opened:
    """Open a dataset, or a path, and remember what was learned if a dataset has changed.

    Of a path's text files, which nobody remembers, so many of the `first` rows may be enough.
    """
    with context.read() as db:
        known = repository.find_dataset(db, project, name_or_path)
    if known is None:
        return open_definition(context, _defined(context, project, name_or_path), first=first)
    opened = open_definition(context, known.dataset, known=known)
    if opened.known != known:
        _remember(context, known, opened.known)
    return opened


def database_table(context: Context, project: str, name_or_path: str) -> tuple[str, str]:
    """The connection, and the table there, that a dataset is; a path may be one, too.

    Raises:
        NotFound: its connection is not there.
        Invalid: it is something else than a table of a database.
    """
    with context.read() as db:
        known = repository.find_dataset(db, project, name_or_path)
        definition = known.dataset if known else _defined(context, project, name_or_path)
        place = locate(context, db, definition)
    table = place.table if isinstance(place, TablePlace) else None
    if table is None or definition.connection is None:
        raise errors.Invalid(
            f"{name_or_path!r} is no table of a database that a connection leads to, so nothing "
            "can refer to it; leave --referenced out, and packages copy it",
            field="referenced",
        )
    return definition.connection, table


def database_url(context: Context, project: str, connection: str) -> str:
    """The URL of a connection to a database, with its placeholders.

    Raises:
        NotFound: there is no such connection.
        Invalid: it leads to something else.
    """
    with context.read() as db:
        found = repository.find_connection(db, project, connection)
    if found.kind != "sql":
        raise errors.Invalid(f"the connection {connection!r} leads to no database")
    return located(context, found)


def open_target(
    context: Context, project: str, name_or_path: str, schema: pa.Schema, *, token: str
) -> Target:
    """Open a dataset, or a path, for writing; nothing is changed before its `commit`.

    Args:
        context: the workspace.
        project: key of the project.
        name_or_path: an existing dataset is overwritten; else a path, its ending says the format.
        schema: of the rows that will be written.
        token: letters and digits that name this writer, so that no two share temporary files.

    Raises:
        NotFound: the folder or connection is not there.
        Invalid: the ending says no format.
        Unsupported: it cannot be written (a query, a folder of files), or cannot hold a column.
        Conflict: a writer of this token is at work, or a view has the table's name.
        Blocked: the project's files take all that they may.
    """
    known, place = _writable_place(context, project, name_or_path)
    committed = partial(_look_again, context, project, name_or_path if known else None)
    if isinstance(place, FilePlace):
        return FileTarget(
            name_or_path,
            place.path,
            schema,
            place.options,
            token=token,
            committed=committed,
            room=room(context, project, place.path),
        )
    return SqlTarget(
        name_or_path,
        place.url,
        place.table or "",
        schema,
        token=token,
        scratch=scratch(context),
        committed=committed,
    )


def check_output(context: Context, project: str, input_name: str, output_name: str) -> None:
    """Refuse at once an output that could only fail later, or that would overwrite its input.

    Raises:
        NotFound: the output's folder or connection is not there.
        Invalid: its ending says no format, or it is (part of) the input.
        Unsupported: it cannot be written (a query, a folder of files).
        Blocked: the project's files take all that they may.
    """
    _, output = _writable_place(context, project, output_name)
    if isinstance(output, FilePlace) and not output.path.parent.is_dir():
        raise errors.NotFound(
            f"the folder {output.path.parent} is not there; make it, then write "
            f"{output.path.name} to it"
        )
    space = room(context, project, output.path) if isinstance(output, FilePlace) else None
    if space is not None and not space.left():
        raise space.refused()
    with context.read() as db:
        known = repository.find_dataset(db, project, input_name)
        place = locate(
            context, db, known.dataset if known else define(context, project, input_name)
        )
    if overlap(place, output):
        raise errors.Invalid(
            f"{output_name!r} would overwrite its own input {input_name!r}; write to another place"
        )


def _writable_place(
    context: Context, project: str, name_or_path: str
) -> tuple[Known | None, FilePlace | TablePlace]:
    """Where an output goes, with its format settled; errors as in `open_target`."""
    with context.read() as db:
        known = repository.find_dataset(db, project, name_or_path)
        definition = known.dataset if known else define(context, project, name_or_path)
        place = locate(context, db, definition)
        names = repository.dataset_names(db, project)
    if isinstance(place, TablePlace):
        if place.table is None:
            raise errors.Unsupported(
                f"the dataset {name_or_path!r} is a query, which cannot be written; "
                "write to a table"
            )
        return known, place
    paths.require_inside(context, place.path, place.root)
    _require_one_file(name_or_path, place.path, names)
    if (definition.path or "").startswith(FILES) and definition.connection is None:
        place.path.parent.mkdir(parents=True, exist_ok=True)
    options = place.options
    if options.format is None:
        options = options.model_copy(update={"format": format_of(place.path)})
    if options.format == QUERY_LOG:
        raise errors.Invalid(f"{name_or_path} is a query log, which only API nodes write")
    check_options(options)
    return known, replace(place, options=options)


def connection_folder(context: Context, project: str, name: str) -> Path:
    """The folder that a connection names.

    Raises:
        NotFound: there is no such connection, or its folder is gone.
        Invalid: it is something else.
    """
    with context.read() as db:
        found = repository.find_connection(db, project, name)
    if found.kind != "folder":
        what = "a database" if found.kind == "sql" else "an MLflow server"
        raise errors.Invalid(f"the connection {name!r} is {what}, not a folder")
    folder = paths.locate(context, project, found.location)
    if not folder.is_dir():
        raise errors.NotFound(f"the folder {folder} of the connection {name!r} is not there")
    return folder


def mlflow_address(context: Context, project: str, name: str) -> str:
    """The address of the MLflow server that a connection names, with what signs in there.

    Raises:
        NotFound: there is no such connection.
        Invalid: it is something else, or asks for a variable that is not set.
    """
    with context.read() as db:
        found = repository.find_connection(db, project, name)
    if found.kind != "mlflow":
        raise errors.Invalid(
            f"the connection {name!r} is no MLflow server; make one by: modelyard connections "
            "create NAME --mlflow ADDRESS"
        )
    return mlflow_servers.opened(found.location)


def filled_address(context: Context, uri: str) -> str:
    """The address of an MLflow server that a command names, its variables as in a connection's.

    What is no address of a server is given back as it is.

    Raises:
        Invalid: a variable is not set, or the address cannot be read.
        Forbidden: it holds variables that this caller may not use.
    """
    if "${" not in uri or not uri.lower().startswith(("http://", "https://")):
        return uri
    return mlflow_servers.opened(mlflow_servers.settle(context, uri))


def forget_project(db: Database, project: str) -> None:
    """Forget the connections and datasets of a project; the data stays where it is."""
    repository.remove_all(db, project)


def looks_like_path(text: str) -> bool:
    """Whether a text is more likely a path than the name of a dataset."""
    return text.startswith(PREFIX) or os.sep in text or format_of(Path(text)) is not None


def kept_name(context: Context, project: str, name_or_path: str) -> str:
    """A name or path that somebody else may use later: a remote caller's path stays in its bounds.

    Raises:
        Invalid, Forbidden: it is a path that this caller may not use.
    """
    if context.identity.is_local:
        return name_or_path
    with context.read() as db:
        if repository.find_dataset(db, project, name_or_path) is not None:
            return name_or_path
        definition = define(context, project, name_or_path)
        locate(context, db, definition)
    is_path = definition.connection is None and looks_like_path(name_or_path)
    return definition.path or "" if is_path else name_or_path


def _defined(context: Context, project: str, path: str) -> Definition:
    """The definition of a path; the error for what is neither a path nor a dataset."""
    definition = define(context, project, path)
    if looks_like_path(path) or paths.locate(context, project, definition.path or "").exists():
        return definition
    with context.read() as db:
        names = repository.dataset_names(db, project)
    raise errors.NotFound(
        f"there is no dataset and no file {path!r} ({definition.path}){near(path, names)}"
    )


def _require_one_file(name: str, path: Path, datasets: list[str]) -> None:
    if (
        path.is_dir()
        or any(sign in str(path) for sign in "*?")
        or (path.exists() and not path.is_file())
    ):
        raise errors.Unsupported(
            f"{name!r} is not one file and cannot be written; write to a file or a table"
        )
    if format_of(path) is None and name not in datasets:
        raise errors.Invalid(
            f"there is no dataset {name!r} to overwrite, and no ending that says a file's format; "
            f"write to {name}.parquet, {name}.csv or {name}.jsonl{near(name, datasets)}"
        )


def _remember(context: Context, before: Known, after: Known) -> None:
    """Store what was learned, unless the dataset was changed or deleted meanwhile."""
    with context.begin() as db:
        if repository.find_dataset(db, before.dataset.project, before.dataset.name) == before:
            repository.save_dataset(db, after)


def _look_again(context: Context, project: str, name: str | None) -> None:
    """Learn the schema of a dataset that was written."""
    if name is not None:
        with suppress(errors.Invalid):  # no JSON line was written, which tells no columns
            open_known(context, project, name)
