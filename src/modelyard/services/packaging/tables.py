"""Tables of packages: of a dataset those columns that lookups read, as a Parquet file."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

import pyarrow as pa
import pyarrow.parquet as pq

from modelyard import errors
from modelyard.data.access import open_source
from modelyard.kernel.context import Context
from modelyard.kernel.values import NAME_PATTERN
from modelyard.services.types import DatasetLookup
from modelyard.serving.packages.types import PackagedTable

BATCH = 65_536


def named_tables(lookups: Iterable[DatasetLookup]) -> dict[str, str]:
    """A name for the table of each dataset, by dataset: its own where that is one."""
    found: dict[str, str] = {}
    for lookup in lookups:
        if lookup.dataset in found:
            continue
        stem = PurePosixPath(lookup.dataset).stem
        whole = lookup.dataset
        name = whole if re.match(NAME_PATTERN, whole) else re.sub(r"[^A-Za-z0-9_-]", "_", stem)
        name = name if re.match(NAME_PATTERN, name) else "table"
        taken, number = set(found.values()), 1
        while (numbered := name if number == 1 else f"{name[:100]}-{number}") in taken:
            number += 1
        found[lookup.dataset] = numbered
    return found


def columns_read(lookups: Iterable[DatasetLookup], dataset: str) -> set[str]:
    """The columns of a dataset that lookups read."""
    return {
        column
        for lookup in lookups
        if lookup.dataset == dataset
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
    kept = [column for column in source.schema.names if column in columns]
    missing = sorted(columns - set(kept))
    if missing:
        raise errors.Invalid(
            f"{dataset!r} has no column {missing[0]!r} any more; change the lookups that read it"
        )
    schema = pa.schema([source.schema.field(column) for column in kept])
    rows = 0
    try:
        with pq.ParquetWriter(target, schema, compression="zstd") as out:
            for batch in source.batches(rows=BATCH, columns=kept):
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
