"""Which embedded store finds a row of a packaged table by its key: SQLite, DuckDB, or memory.

    python bench/serving_lookups.py [--rows 3000000]

Each store is made from the same Parquet file in a process of its own, then asked for single rows
by random keys. Memory is what the process takes beyond its imports (PSS); what the system caches of
a file is not in it.
"""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet as pq

from modelyard.serving.packages.types import PackagedTable
from modelyard.serving.tables import open_table

CHUNK = 250_000
COLUMNS = ("balance", "visits", "city", "segment")
ASKED = 20_000

Find = Callable[[int], Any]


def chunks(rows: int) -> Iterator[pa.Table]:
    """Customers: a key, two numbers, two words."""
    random = np.random.default_rng(0)
    for first in range(0, rows, CHUNK):
        size = min(CHUNK, rows - first)
        yield pa.table(
            {
                "id": np.arange(first, first + size) * 7,
                "balance": random.normal(size=size),
                "visits": random.integers(0, 1000, size),
                "city": np.char.add("city ", random.integers(0, 5000, size).astype(str)),
                "segment": np.char.add("s", random.integers(0, 9, size).astype(str)),
            }
        )


def write(file: Path, rows: int) -> None:
    """Write them as Parquet."""
    writer = None
    for chunk in chunks(rows):
        writer = writer or pq.ParquetWriter(file, chunk.schema)
        writer.write_table(chunk)
    assert writer is not None
    writer.close()


def sqlite(folder: Path, rows: int) -> Find:
    """What nodes use."""
    schema = pq.read_schema(folder / "t.parquet")
    columns = {field.name: str(field.type) for field in schema}
    told = PackagedTable(name="t", source="t", file="t.parquet", columns=columns, rows=rows)
    table = open_table(folder, told, ("id",))
    find = table.finder(COLUMNS)
    return lambda key: find([table.key(0, key)])


def duck(folder: Path, _rows: int) -> Find:
    """A table with an index, in a file."""
    connection = duckdb.connect(str(folder / "t.duckdb"), config={"threads": 1})
    connection.execute(f"create table t as select * from '{folder / 't.parquet'}'")
    connection.execute("create index by_id on t (id)")
    statement = f"select {', '.join(COLUMNS)} from t where id = ? limit 2"
    return lambda key: connection.execute(statement, [key]).fetchall()


def memory(folder: Path, rows: int) -> Find:
    """Columns in memory, and a dict from key to position."""
    table = pq.read_table(folder / "t.parquet").combine_chunks()
    places = dict(zip(table["id"].to_pylist(), range(rows), strict=True))
    columns = [table[name].chunk(0) for name in COLUMNS]

    def find(key: int) -> Any:
        at = places.get(key)
        return None if at is None else tuple(column[at].as_py() for column in columns)

    return find


STORES = {"SQLite": sqlite, "DuckDB": duck, "dict and Arrow": memory}


def measure(name: str, folder: Path, rows: int, told: Any) -> None:
    """Make one store and ask it; what came is put into a queue."""
    process = psutil.Process()
    before, started, cpu = process.memory_full_info().pss, time.perf_counter(), time.process_time()
    find = STORES[name](folder, rows)
    made, spent = time.perf_counter() - started, time.process_time() - cpu
    keys = (np.random.default_rng(1).integers(0, rows, ASKED) * 7).tolist()
    taken = []
    for key in keys:
        started = time.perf_counter()
        assert find(key)
        taken.append(1e6 * (time.perf_counter() - started))
    grown = process.memory_full_info().pss - before
    told.put((made, spent, statistics.median(taken), float(np.percentile(taken, 99)), grown / 1e6))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=3_000_000)
    rows = parser.parse_args().rows
    spawning = multiprocessing.get_context("spawn")
    print(f"{rows:,} rows      to make: s   CPU s   to find: us    p99   memory MB")
    for name in STORES:
        with tempfile.TemporaryDirectory() as made:
            folder = Path(made)
            write(folder / "t.parquet", rows)
            told = spawning.Queue()
            other = spawning.Process(target=measure, args=(name, folder, rows, told))
            other.start()
            print(
                f"{name:<20} {{:>8.1f}} {{:>7.1f}} {{:>13.1f}} {{:>6.1f}} {{:>11.0f}}".format(
                    *told.get()
                )
            )
            other.join()


if __name__ == "__main__":
    main()
