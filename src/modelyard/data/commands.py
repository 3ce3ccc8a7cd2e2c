"""What can be done with connections and datasets."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, model_validator

from modelyard.data.types import (
    ENDINGS,
    ColumnTypes,
    Connection,
    Dataset,
    DatasetOrder,
    Exported,
    FileFormat,
    Preview,
    ReadFormat,
    Sampling,
    Statistics,
    Written,
    WrittenJoin,
)
from modelyard.kernel.command import ProjectCommand
from modelyard.kernel.paging import Paged
from modelyard.kernel.secrets import SECRET_URL
from modelyard.kernel.values import LocalPath, Name

DATASET = (
    "name of a dataset; or the path of a file, folder or glob pattern; or "
    "connection://NAME/PATH-OR-TABLE"
)

OUTPUT = (
    "name of a dataset to overwrite; or a path ending in .parquet, .csv or .jsonl (.gz); or "
    "connection://NAME/PATH-OR-TABLE"
)


class CreateConnection(ProjectCommand[Connection]):
    """Name a folder or a database so that datasets can refer to it, or an MLflow server."""

    needs = "data:write"
    route = "POST /connections"
    arguments = ("name",)
    name: Name = Field(description="unique name of the connection inside the project")
    path: Annotated[str | None, LocalPath("read", "folder", kept=True)] = Field(
        default=None, description="the folder"
    )
    database: Annotated[str | None, SECRET_URL, LocalPath("read", "database", kept=True)] = Field(
        default=None,
        description="SQLAlchemy URL of a database; ${NAME} stands for an environment variable, "
        "read at each use",
    )
    mlflow: Annotated[str | None, SECRET_URL] = Field(
        default=None,
        description="address of an MLflow server, with user and password if it wants them; "
        "${NAME} as for databases",
    )
    replace: bool = Field(default=False, description="replace a connection of this name")


class ListConnections(ProjectCommand[list[Connection]], Paged):
    """List the connections, by name."""

    needs = "data:read"
    route = "GET /connections"


class ShowConnection(ProjectCommand[Connection]):
    """Show one connection; its password stays hidden."""

    needs = "data:read"
    route = "GET /connections/{name}"
    arguments = ("name",)
    name: str = Field(description="name of the connection")


class DeleteConnection(ProjectCommand[None]):
    """Delete a connection; the data stays where it is."""

    needs = "data:write"
    route = "DELETE /connections/{name}"
    guarded = True
    arguments = ("name",)
    name: str = Field(description="name of the connection")
    force: bool = Field(default=False, description="even if datasets or recipes use it")


class CreateDataset(ProjectCommand[Dataset]):
    """Name a table in files or in a database; its schema is read at once."""

    needs = "data:write"
    route = "POST /datasets"
    title = "Read dataset {name}"
    background = True
    arguments = ("name",)
    name: Name = Field(description="unique name of the dataset inside the project")
    path: Annotated[str | None, LocalPath("read", "data", kept=True)] = Field(
        default=None,
        description="file, folder or glob pattern: CSV, Parquet or JSON lines, gzipped or not",
    )
    connection: str | None = Field(
        default=None, description="connection that holds the path, the table or the query's tables"
    )
    table: str | None = Field(default=None, description="SQL table or view, schema.table if needed")
    query: str | None = Field(default=None, description="SQL query")
    format: ReadFormat | None = Field(
        default=None,
        description="where the file's ending does not say it; query_log: JSON lines that an API "
        "node wrote, as a table of the answered rows",
    )
    delimiter: str | None = Field(default=None, description="between CSV cells; default: found out")
    quote: str | None = Field(default=None, description='around CSV cells; default: "')
    encoding: str | None = Field(default=None, description="of CSV files; default: utf-8")
    missing: tuple[str, ...] | None = Field(
        default=None,
        description="texts in CSV files that mean a missing value, besides an empty cell; default: "
        "those that pandas knows (NA, NaN, null, None, ...)",
    )
    column_types: ColumnTypes = Field(
        default={}, description="types of columns, instead of those found: age=double,when=datetime"
    )
    replace: bool = Field(default=False, description="replace a dataset of this name")


class ListDatasets(ProjectCommand[list[Dataset]], Paged):
    """List the datasets, as they were last seen."""

    needs = "data:read"
    route = "GET /datasets"
    search: str = Field(default="", description="only names that contain this")
    connection: str | None = Field(default=None, description="only datasets in this connection")
    sort: DatasetOrder = Field(
        default="name", description="order of the list; the largest or newest first with '-'"
    )


class ShowDataset(ProjectCommand[Dataset]):
    """Show a dataset with its schema as it is now."""

    needs = "data:read"
    route = "GET /datasets/{dataset}"
    arguments = ("dataset",)
    dataset: Annotated[str, LocalPath("read", "data")] = Field(description=DATASET)
    first: int | None = Field(
        default=None,
        ge=1,
        le=1_000_000,
        description="look only at so many rows of text data that has no name: quick where it is "
        "large, but there may be further columns and wider types, and no count  [all]",
    )


class PreviewDataset(ProjectCommand[Preview]):
    """Show the first rows of a dataset."""

    needs = "data:read"
    route = "GET /datasets/{dataset}/preview"
    arguments = ("dataset",)
    dataset: Annotated[str, LocalPath("read", "data")] = Field(description=DATASET)
    rows: int = Field(default=10, ge=1, le=10_000, description="how many rows")


class DescribeColumns(ProjectCommand[Statistics], Sampling):
    """Tell what the columns of a dataset are like: counts, range, mean, quantiles, histograms.

    It looks at all rows, or at a sample of them (`--method`).
    """

    needs = "data:read"
    route = "POST /datasets/{dataset}/statistics"
    title = "Look at all rows of {dataset}"
    asks = True
    background = True
    arguments = ("dataset",)
    dataset: Annotated[str, LocalPath("read", "data")] = Field(description=DATASET)


class SampleDataset(ProjectCommand[Written], Sampling):
    """Write a sample of a dataset to a file or table."""

    needs = "data:write"
    route = "POST /datasets/{dataset}/sample"
    title = "Sample {dataset}"
    background = True
    arguments = ("dataset",)
    dataset: Annotated[str, LocalPath("read", "data")] = Field(description=DATASET)
    output: Annotated[str, LocalPath("write", "data")] = Field(description=OUTPUT)


class JoinDatasets(ProjectCommand[WrittenJoin]):
    """Write the rows of a dataset with columns of another one, found by a key.

    All rows stay, in their order; where the other dataset has no row of the key, its columns are
    missing. So the truth comes to what was predicted before: a query log has `query_id`, or a
    column of one's own, as its key.
    """

    needs = "data:write"
    route = "POST /datasets/{dataset}/join"
    title = "Join {dataset} and {other}"
    background = True
    arguments = ("dataset", "other")
    dataset: Annotated[str, LocalPath("read", "data")] = Field(description=DATASET)
    other: Annotated[str, LocalPath("read", "data")] = Field(
        description="dataset or path whose columns are added; no key occurs twice in it",
        examples=["truths"],
    )
    key: str = Field(description="column that both have", examples=["customer"])
    other_key: str | None = Field(
        default=None, description="what the other dataset calls the key [the same]"
    )
    columns: tuple[str, ...] = Field(
        default=(),
        max_length=10_000,
        description="columns of the other dataset that are added [all]",
    )
    output: Annotated[str, LocalPath("write", "data")] = Field(description=OUTPUT)


class ExportDataset(ProjectCommand[Exported]):
    """Fetch all rows of a dataset as a file: CSV, Parquet or JSON lines."""

    needs = "data:read"
    route = "GET /datasets/{dataset}/content"
    receives = "to"
    arguments = ("dataset", "to")
    dataset: Annotated[str, LocalPath("read", "data")] = Field(description=DATASET)
    to: Annotated[str, LocalPath("write")] = Field(
        description="new file, ending in .csv, .parquet or .jsonl", examples=["holdout.csv"]
    )
    format: FileFormat | None = Field(
        default=None, description="where the file's ending does not say it  [csv]"
    )
    replace: bool = Field(default=False, description="replace a file that is there")

    @model_validator(mode="before")
    @classmethod
    def _has_a_format(cls, given: Any) -> Any:
        """The ending is that of the caller's own file, which a server does not see."""
        if isinstance(given, dict) and given.get("to") and not given.get("format"):
            ending = Path(str(given["to"])).suffix.lower()
            return {**given, "format": ENDINGS[ending]} if ending in ENDINGS else given
        return given


class DeleteDataset(ProjectCommand[None]):
    """Forget a dataset; its files or table stay where they are."""

    needs = "data:write"
    route = "DELETE /datasets/{name}"
    guarded = True
    arguments = ("name",)
    name: str = Field(description="name of the dataset")
    force: bool = Field(default=False, description="even if recipes use it")
