"""How connections and datasets answer."""

from __future__ import annotations

import uuid
from contextlib import suppress

from modelyard import errors
from modelyard.data import databases, mlflow_servers, repository, usages
from modelyard.data.access import check_output, open_known, open_target
from modelyard.data.commands import (
    CreateConnection,
    CreateDataset,
    DeleteConnection,
    DeleteDataset,
    DescribeColumns,
    ExportDataset,
    JoinDatasets,
    ListConnections,
    ListDatasets,
    PreviewDataset,
    SampleDataset,
    ShowConnection,
    ShowDataset,
)
from modelyard.data.file_target import FileTarget
from modelyard.data.joining import Joined
from modelyard.data.json_cells import json_columns
from modelyard.data.opening import locate, open_definition
from modelyard.data.places import FilePlace, check_options, find_files
from modelyard.data.sampling import PIECE, sample, sampled
from modelyard.data.schemas import columns_of, require_columns, type_of
from modelyard.data.statistics import statistics
from modelyard.data.types import (
    Connection,
    Dataset,
    Definition,
    Exported,
    Preview,
    ReadOptions,
    Sampling,
    Statistics,
    Written,
    WrittenJoin,
)
from modelyard.kernel import paths
from modelyard.kernel.bus import checks, handles
from modelyard.kernel.context import Context
from modelyard.kernel.database_urls import shown
from modelyard.kernel.gathered import Gathered
from modelyard.kernel.paging import Page
from modelyard.kernel.values import now
from modelyard.projects.access import require_project
from modelyard.store.database import exclusively

ENOUGH = 1_000
"""Rows of a path's text files that tell a preview its columns and types."""


@checks(CreateConnection)
def check_connection(command: CreateConnection, context: Context) -> None:
    """Refuse an address of an MLflow server that could not be kept, whatever answers there."""
    wrong = Gathered()
    with wrong.about("mlflow"):
        if command.mlflow is not None:
            mlflow_servers.settle(context, command.mlflow)
    wrong.tell()


@handles(CreateConnection)
def create_connection(command: CreateConnection, context: Context) -> Connection:
    """Check that the place is there, then store it."""
    given = [name for name in ("path", "database", "mlflow") if getattr(command, name) is not None]
    if len(given) != 1:
        raise errors.Invalid(
            "give a connection one of --path (a folder), --database (a URL) and --mlflow (an "
            "address)"
        )
    wrong = Gathered()
    with wrong.about(given[0]):
        kind, location = _settled(command, context)
    wrong.tell()
    connection = Connection.model_validate(
        {"project": command.project, "name": command.name, "kind": kind, "location": location}
    )
    with context.begin() as db:
        require_project(db, command.project)
        if not command.replace and repository.has_connection(db, command.project, command.name):
            raise errors.Conflict(
                f"there is a connection {command.name!r} already; use --replace, or another name"
            )
        repository.save_connection(db, connection)
    return _masked(connection)


def _settled(command: CreateConnection, context: Context) -> tuple[str, str]:
    """The kind of a connection, and where it leads, once something is there."""
    if command.path is not None:
        location = paths.settle(context, command.path)
        if not paths.locate(context, command.project, location).is_dir():
            raise errors.NotFound(f"there is no folder {location}; make it first")
        return "folder", location
    if command.mlflow is not None:
        return "mlflow", mlflow_servers.settle(context, command.mlflow)
    location = databases.settle(context, command.database or "")
    databases.check(databases.located(context, command.project, location))
    return "sql", location


@handles(ListConnections)
def list_connections(command: ListConnections, context: Context) -> list[Connection]:
    """List by name."""
    with context.read() as db:
        require_project(db, command.project)
        found = repository.list_connections(db, command.project, command)
    return Page([_masked(each) for each in found], following=found.next)


@handles(ShowConnection)
def show_connection(command: ShowConnection, context: Context) -> Connection:
    """Look the connection up."""
    with context.read() as db:
        return _masked(repository.find_connection(db, command.project, command.name))


@handles(DeleteConnection)
def delete_connection(command: DeleteConnection, context: Context) -> None:
    """Forget it, unless a dataset or a recipe needs it."""
    with context.begin() as db:
        exclusively(db)
        found = repository.find_connection(db, command.project, command.name)
        context.unchanged(_masked(found))
        used = [] if command.force else usages.of_connection(db, command.project, command.name)
        repository.remove_connection(
            db, command.project, command.name
        )  # first: it may not be there
        usages.refuse(f"the connection {command.name!r}", used)


@checks(CreateDataset)
def check_dataset(command: CreateDataset, context: Context) -> Definition:
    """Refuse what no data could make right; gives the definition that is asked for."""
    wrong = Gathered()
    with context.read() as db:
        require_project(db, command.project)
        known = repository.find_dataset(db, command.project, command.name)
    with wrong.about("name"):
        if known is not None and not command.replace:
            raise errors.Conflict(
                f"there is a dataset {command.name!r} already; use --replace, or another name"
            )
    with wrong.about("path"):
        definition = _definition(command, context)
        with context.read() as db:
            place = locate(context, db, definition)
        if isinstance(place, FilePlace):
            with suppress(errors.NotFound):  # it may be there by the time that it is looked at
                find_files(context, place)
    wrong.tell()
    return definition


@handles(CreateDataset)
def create_dataset(command: CreateDataset, context: Context) -> Dataset:
    """Look at the data first, so that a dataset that is stored can be read."""
    definition = check_dataset(command, context)
    found = open_definition(context, definition).known
    require_columns(
        definition.options.column_types,
        [column.name for column in found.dataset.columns],
        f"{command.name} (asked by --column-types)",
    )
    created = found.model_copy(
        update={"dataset": found.dataset.model_copy(update={"created": now()})}
    )
    with context.begin() as db:
        require_project(db, command.project)
        if not command.replace and repository.find_dataset(db, command.project, command.name):
            raise errors.Conflict(f"a dataset {command.name!r} was made meanwhile")
        repository.save_dataset(db, created)
    return created.dataset


@handles(ListDatasets)
def list_datasets(command: ListDatasets, context: Context) -> list[Dataset]:
    """List them without looking at the data."""
    with context.read() as db:
        require_project(db, command.project)
        return repository.list_datasets(
            db,
            command.project,
            command,
            search=command.search,
            connection=command.connection,
            sort=command.sort,
        )


@handles(ShowDataset)
def show_dataset(command: ShowDataset, context: Context) -> Dataset:
    """Look at the data as it is now."""
    return open_known(context, command.project, command.dataset, first=command.first).known.dataset


@handles(PreviewDataset)
def preview_dataset(command: PreviewDataset, context: Context) -> Preview:
    """Read the first rows."""
    first = max(command.rows, ENOUGH)
    source = open_known(context, command.project, command.dataset, first=first).source
    table = sample(source, Sampling(method="first", rows=command.rows))
    return Preview(
        dataset=source.name,
        columns=columns_of(table.schema),
        rows=tuple(zip(*json_columns(table), strict=True)),
    )


@handles(DescribeColumns)
def describe_columns(command: DescribeColumns, context: Context) -> Statistics:
    """Read it twice, for some columns at a time."""
    first = command.rows if command.method == "first" else None
    source = open_known(context, command.project, command.dataset, first=first).source
    return statistics(source, command, lambda rows: context.progress("reading", rows=rows))


@handles(SampleDataset)
def sample_dataset(command: SampleDataset, context: Context) -> Written:
    """Stream the sample into its target."""
    check_output(context, command.project, command.dataset, command.output)
    source = open_known(context, command.project, command.dataset).source
    rows = 0
    with open_target(
        context, command.project, command.output, source.schema, token=uuid.uuid4().hex
    ) as target:
        for batch in sampled(source, command):
            target.write(batch)
            rows += batch.num_rows
            context.progress("writing", rows=rows)
        target.commit()
    return Written(output=command.output, rows=rows, columns=columns_of(source.schema))


@handles(JoinDatasets)
def join_datasets(command: JoinDatasets, context: Context) -> WrittenJoin:
    """Stream the rows into their target, each with what it finds."""
    project = command.project
    for each in (command.dataset, command.other):
        check_output(context, project, each, command.output)
    joined = Joined(
        open_known(context, project, command.dataset).source,
        open_known(context, project, command.other).source,
        key=command.key,
        other_key=command.other_key or command.key,
        columns=command.columns,
    )
    rows = 0
    with open_target(
        context, project, command.output, joined.schema, token=uuid.uuid4().hex
    ) as target:
        for batch in joined.batches():
            target.write(batch)
            rows += batch.num_rows
            context.progress("writing", rows=rows)
        target.commit()
    return WrittenJoin(
        output=command.output,
        rows=rows,
        columns=columns_of(joined.schema),
        matched=joined.matched,
    )


@handles(ExportDataset)
def export_dataset(command: ExportDataset, context: Context) -> Exported:
    """Stream it into the caller's file, which appears when it is whole."""
    file = paths.transferred(context, command.to)
    if context.identity.is_local and file.exists() and not command.replace:
        raise errors.Conflict(f"{file} exists already; use --replace, or name another file")
    source = open_known(context, command.project, command.dataset).source
    written = command.format or "csv"
    options = ReadOptions(format=written)
    rows = 0
    with FileTarget(
        command.to,
        file,
        source.schema,
        options,
        token=uuid.uuid4().hex,
        committed=lambda: None,
        room=None,
    ) as target:
        for batch in source.batches(rows=PIECE):
            target.write(batch)
            rows += batch.num_rows
            context.progress("writing", rows=rows)
        target.commit()
    size = file.stat().st_size
    return Exported(dataset=source.name, format=written, rows=rows, size=size)


@handles(DeleteDataset)
def delete_dataset(command: DeleteDataset, context: Context) -> None:
    """Forget it, unless a recipe needs it; the data stays."""
    if context.expected is not None:  # what was shown is the data as it is now, see ShowDataset
        open_known(context, command.project, command.name)
    with context.begin() as db:
        exclusively(db)
        known = repository.find_dataset(db, command.project, command.name)
        if known is not None:
            context.unchanged(known.dataset)
        used = [] if command.force else usages.of_dataset(db, command.project, command.name)
        repository.remove_dataset(db, command.project, command.name)  # first: it may not be there
        usages.refuse(f"the dataset {command.name!r}", used)


def _masked(connection: Connection) -> Connection:
    if connection.kind == "folder":
        return connection
    return connection.model_copy(update={"location": shown(connection.location)})


def _definition(command: CreateDataset, context: Context) -> Definition:
    """The definition that a command asks for, checked as far as it can be without looking."""
    given = {name: getattr(command, name) for name in ("path", "table", "query")}
    places = {name: place for name, place in given.items() if place and place.strip()}
    if len(places) != 1:
        at_fault = list(places)[-1] if places else "path"
        raise errors.Invalid("give a dataset one of --path, --table or --query", field=at_fault)
    if command.path is None and command.connection is None:
        raise errors.Invalid(
            "--table and --query need --connection, the name of a database's one",
            field="connection",
        )
    options = ReadOptions(**{name: getattr(command, name) for name in ReadOptions.model_fields})
    if options.delimiter in ("\\t", "tab"):
        options = options.model_copy(update={"delimiter": "\t"})
    check_options(options)
    for word in options.column_types.values():
        type_of(word)
    path = command.path
    if path is not None and command.connection is None:
        path = paths.settle(context, path)
    return Definition(
        project=command.project,
        name=command.name,
        connection=command.connection,
        path=path,
        table=command.table,
        query=command.query,
        options=options,
    )
