"""The words of connections and datasets."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, JsonValue, StringConstraints, model_validator

from modelyard.kernel.values import Name, Value

ColumnKind = Literal["number", "text", "boolean", "moment", "other"]
ConnectionKind = Literal["folder", "sql", "mlflow"]
DatasetOrder = Literal[
    "name", "-name", "rows", "-rows", "size", "-size", "created", "-created"
]  # fmt: skip
FileFormat = Literal["csv", "parquet", "jsonl"]
"""What is read and written."""
ReadFormat = Literal["csv", "parquet", "jsonl", "query_log"]
QUERY_LOG: Literal["query_log"] = "query_log"
SamplingMethod = Literal[
    "none",
    "first",
    "random_ratio",
    "random_count",
    "column_values",
    "rebalance_ratio",
    "rebalance_count",
    "first_sorted",
]

ENDINGS: dict[str, FileFormat] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
}

NOT_IN_BRACKETS = re.compile(r",(?![^(]*\))")

NEEDED: dict[SamplingMethod, tuple[str, ...]] = {
    "none": (),
    "first": ("rows",),
    "random_ratio": ("ratio",),
    "random_count": ("rows",),
    "column_values": ("rows", "column"),
    "rebalance_ratio": ("ratio", "column"),
    "rebalance_count": ("rows", "column"),
    "first_sorted": ("rows", "column"),
}
"""What each sampling method must be told."""


def _read_column_types(value: Any) -> Any:
    """Accept `age=double,when=datetime`, or pairs of which a value holds further pairs."""
    if isinstance(value, dict):
        if not any(isinstance(kind, str) and "=" in kind for kind in value.values()):
            return value
        value = ",".join(f"{name}={kind}" for name, kind in value.items())
    if not isinstance(value, str):
        return value
    pairs = [pair.rpartition("=") for pair in NOT_IN_BRACKETS.split(value) if pair.strip()]
    if any(not equals for _, equals, _ in pairs):
        raise ValueError("write column=type pairs, such as age=double,when=datetime")
    return {name.strip(): kind.strip() for name, _, kind in pairs}


ColumnTypes = Annotated[dict[str, str], BeforeValidator(_read_column_types)]


class Connection(Value):
    """A place: a folder or a database for datasets, or an MLflow server. No password is shown."""

    listed = ("name", "kind", "location")

    project: str
    name: Name
    kind: ConnectionKind
    location: str = Field(description="the folder, or the URL with its password hidden")


class Column(Value):
    """One column of a dataset."""

    name: str
    type: str = Field(
        description="boolean, integer, long, float, double, decimal(p,s), string, binary, date, "
        "time, datetime; or the Arrow type where none of these says it, such as list<item: double>"
    )


class ReadOptions(Value):
    """How files are read, where the user says so; None: found out, or as most files are."""

    format: ReadFormat | None = None
    delimiter: str | None = None
    quote: str | None = None
    encoding: str | None = None
    missing: tuple[str, ...] | None = Field(
        default=None, description="CSV texts that mean a missing value, besides an empty cell"
    )
    column_types: dict[str, str] = {}


class TextFile(Value):
    """How one text file is laid out."""

    path: str
    names: tuple[str, ...] = Field(description="its columns, in its order")
    delimiter: str = ""
    rows: int


class TextLayout(Value):
    """What a look at the rows of text files found."""

    files: tuple[TextFile, ...]
    kinds: dict[str, int] = Field(description="by column, the kinds of values it holds")
    nested: dict[str, str] = Field(default={}, description="types of columns of lists and objects")
    first: int | None = Field(
        default=None, description="rows of each file that alone were looked at; None: all"
    )


class Definition(Value):
    """Where a table is and how it is read."""

    project: str
    name: str = Field(description="its name, or the path itself where a path was given")
    connection: str | None = None
    path: str | None = Field(default=None, description="file, folder or glob pattern")
    table: str | None = None
    query: str | None = None
    options: ReadOptions = ReadOptions()

    @property
    def location(self) -> str:
        """Where it is, as a path or as one below its connection; a query as it is."""
        inside = self.path or self.table or self.query or ""
        named = self.connection is not None and self.query is None
        return f"connection://{self.connection}/{inside}" if named else inside


class Dataset(Definition):
    """A table in files or in a database, with the schema it had when it was last looked at."""

    listed = ("name", "format", "rows", "size", "location", "created")

    format: ReadFormat | None = Field(default=None, description="None for a SQL table or query")
    columns: tuple[Column, ...]
    rows: int | None = Field(default=None, description="None where counting is not cheap")
    size: int | None = Field(default=None, description="bytes of its files")
    fingerprint: str | None = Field(
        default=None, description="changes when the files' content does"
    )
    created: datetime | None = Field(default=None, description="None for a path")


class Preview(Value):
    """The first rows of a dataset as JSON values."""

    dataset: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[JsonValue, ...], ...]


class Sampling(Value):
    """Which rows of a dataset are taken (seeded: the same rows each time).

    `first`, `random_ratio` and `random_count` say it themselves. `column_values` takes all rows of
    some values of a column, chosen at random until at least `rows` rows are reached.
    `rebalance_count` takes `rows` divided by the number of classes from each class of a column,
    at random, and all rows of a class that has fewer; `rebalance_ratio` the same for a share of all
    rows. `first_sorted` takes the first rows in the order of a column, missing values last.
    With `where` all of that is of the rows for which it holds.
    """

    where: Annotated[str | None, StringConstraints(min_length=1, max_length=10_000)] = Field(
        default=None,
        description="only rows for which this holds: an expression over columns",
        examples=["day >= '2026-11-16' AND day < '2026-11-23'"],
    )
    method: SamplingMethod = Field(default="none", description="how rows are chosen")
    rows: int | None = Field(default=None, ge=1, lt=2**63, description="how many rows")
    ratio: float | None = Field(default=None, gt=0, le=1, description="share of the rows, 0 to 1")
    column: str | None = Field(default=None, description="column that decides")
    descending: bool = Field(default=False, description="first_sorted: the largest first")
    seed: int = Field(default=0, ge=0, lt=2**63, description="another seed takes other rows")

    @property
    def takes_all(self) -> bool:
        """Whether no row is left out."""
        return self.method == "none" and self.where is None

    @property
    def in_words(self) -> str:
        """How rows are chosen; empty: all of them are taken."""
        method = "" if self.method == "none" else self.method.replace("_", " ")
        where = "" if self.where is None else f"where {self.where}"
        return ", ".join(filter(None, (method, where)))

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        given = {name for name in ("rows", "ratio", "column") if getattr(self, name) is not None}
        needed = set(NEEDED[self.method])
        if given != needed:
            asks = " and ".join(f"--{name}" for name in NEEDED[self.method])
            none = f"takes no --{' or --'.join(sorted(given))}; choose another --method"
            raise ValueError(
                f"the sampling method '{self.method}' {f'takes {asks}' if asks else none}"
            )
        return self


class Written(Value):
    """What was written where."""

    output: str
    rows: int
    columns: tuple[Column, ...]


class WrittenJoin(Written):
    """What was written of two datasets."""

    matched: int = Field(description="rows whose key the other dataset has")


class Frequent(Value):
    """A value and how often it occurs."""

    value: JsonValue = Field(description="a text is cut after 200 letters")
    count: int


class Bin(Value):
    """A bar of a histogram: values above `low` up to `high`, in the first one with `low`."""

    low: JsonValue
    high: JsonValue
    count: int


class ColumnStatistics(Value):
    """What the values of a column are like.

    Days and moments are ISO 8601. NaN counts as missing; infinite numbers are counted, and left out
    of everything else but `distinct`.
    """

    listed = ("name", "type", "missing", "distinct", "min", "mean", "max", "std")

    name: str
    type: str
    kind: ColumnKind = Field(description="decides what else is told; of 'other' only what misses")
    missing: int
    infinite: int = 0
    distinct: int | None = Field(default=None, description="different values, missing ones apart")
    distinct_is_exact: bool = Field(default=True, description="else it may be off by some percent")
    min: JsonValue = None
    max: JsonValue = None
    mean: float | None = None
    std: float | None = Field(default=None, description="of a sample; None of fewer than 2 values")
    quantiles: dict[str, JsonValue] = Field(default={}, description="values by rank, 0.05 to 0.95")
    quantiles_are_exact: bool = Field(default=True, description="exact up to 50,000 rows")
    frequent: tuple[Frequent, ...] = Field(
        default=(), description="of texts and booleans: the 10 most frequent values"
    )
    histogram: tuple[Bin, ...] = Field(default=(), description="of numbers, days and moments")


class Statistics(Value):
    """What the columns of a dataset are like."""

    dataset: str
    rows: int = Field(description="that were looked at")
    of_rows: int | None = Field(default=None, description="that there are; None: not known (SQL)")
    method: SamplingMethod = Field(description="how the rows were chosen")
    fingerprint: str | None = Field(default=None, description="of the data that was looked at")
    columns: tuple[ColumnStatistics, ...]


class Exported(Value):
    """What was taken out of a dataset."""

    dataset: str
    format: FileFormat
    rows: int
    size: int = Field(description="bytes of the file")
