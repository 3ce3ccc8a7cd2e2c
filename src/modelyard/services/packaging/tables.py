"""Tables of packages: of a dataset those columns that lookups read, copied or referred to."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from modelyard import errors
from modelyard.data.access import database_table, open_source
from modelyard.kernel.context import Context
from modelyard.kernel.values import NAME_PATTERN
from modelyard.services.types import DatasetLookup
from modelyard.serving.packages.types import PackagedTable, ReferencedTable

BATCH = 65_536


class Use(NamedTuple):
    """A dataset, and whether it is copied or referred to."""

    dataset: str
    referenced: bool


def use_of(lookup: DatasetLookup) -> Use:
    """How a lookup uses which dataset."""
    return Use(lookup.dataset, lookup.referenced)


def named_tables(lookups: Iterable[DatasetLookup]) -> dict[Use, str]:
    """A name for each use of a dataset: its own where that is one."""
    found: dict[Use, str] = {}
    for lookup in lookups:
        if (use := use_of(lookup)) in found:
            continue
        stem = PurePosixPath(lookup.dataset).stem
        whole = lookup.dataset
        name = whole if re.match(NAME_PATTERN, whole) else re.sub(r"[^A-Za-z0-9_-]", "_", stem)
        name = name if re.match(NAME_PATTERN, name) else "table"
        taken, number = set(found.values()), 1
        while (numbered := name if number == 1 else f"{name[:100]}-{number}") in taken:
            number += 1
        found[use] = numbered
    return found


def columns_read(lookups: Iterable[DatasetLookup], use: Use) -> set[str]:
    """The columns that lookups read in one use of a dataset."""
    return {
        column
        for lookup in lookups
        if use_of(lookup) == use
        for column in (*lookup.keys.values(), *lookup.columns.values())
    }


def write_table(
    context: Context, project: str, dataset: str, columns: set[str], name: str, target: Path
) -> PackagedTable:
    """Copy columns of a dataset in its order of rows; memory holds a part at a time.

    Raises:
        NotFound: the dataset is not there.
        Invalid: a column is not there, or the data is damaged.
        Failed: the disk is full.
    """
    source = open_source(context, project, dataset)
    schema = _narrowed(source.schema, dataset, columns)
    rows = 0
    try:
        with pq.ParquetWriter(target, schema, compression="zstd") as out:
            for batch in source.batches(rows=BATCH, columns=schema.names):
                out.write_batch(batch.cast(schema))
                rows += batch.num_rows
                context.progress(f"copying {dataset}", rows=rows)
    except OSError as exc:
        raise errors.Failed(f"{dataset!r} cannot be copied: {exc.strerror or exc}") from exc
    return PackagedTable(
        name=name,
        source=dataset,
        file=f"tables/{name}.parquet",
        columns={field.name: str(field.type) for field in schema},
        rows=rows,
    )


def refer_to_table(
    context: Context, project: str, dataset: str, columns: set[str], name: str
) -> ReferencedTable:
    """Say where a table in a database is, and of which types its columns are.

    Raises:
        NotFound: the dataset is not there.
        Invalid: it is no table of a database, or lacks a column.
        Unavailable: the database does not answer.
    """
    connection, table = database_table(context, project, dataset)
    schema = _narrowed(open_source(context, project, dataset).schema, dataset, columns)
    return ReferencedTable(
        name=name,
        source=dataset,
        connection=connection,
        table=table,
        columns={field.name: str(field.type) for field in schema},
    )


def _narrowed(schema: pa.Schema, dataset: str, columns: set[str]) -> pa.Schema:
    """Those of its columns that are read."""
    missing = sorted(columns - set(schema.names))
    if missing:
        raise errors.Invalid(
            f"{dataset!r} has no column {missing[0]!r} any more; change the lookups that read it"
        )
    return pa.schema([field for field in schema if field.name in columns])
