"""Readers of CSV, JSON lines and Parquet: polars, DuckDB, pyarrow, and our own room on top of them.

    uv pip install --group bench; python bench/readers.py [--rows 1000000] [--rounds 3]

Prints, for each reader and format, the median CPU seconds of streaming the file in batches and of
learning types from every row, the peak memory of the process, and then what each reader makes of
files that are broken or ambiguous. Each measurement is a process of its own, in turns.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.json as pajson
import pyarrow.parquet as pq

BATCH = 50_000
BROKEN = {
    "text in a column of numbers, row 900,000 of a million": "late",
    "too few cells, line 3": "a,b,c\n1,2,3\n1\n4,5,6\n",
    "too many cells, line 3": "a,b\n1,2\n1,2,3\n",
    "not UTF-8, line 3": b"a,b\n1,x\n2,\xeb\n",
    "yes and no": "a,b\nyes,1\nno,2\n",
    "01/02/2024": "a,b\n01/02/2024,1\n",
    "inf": "a,b\n1.5,1\ninf,2\n",
    "two columns of one name": "a,a\n1,2\n",
}


def make_table(rows: int) -> pa.Table:
    """Twelve mixed columns."""
    draw = np.random.default_rng(0)
    seconds = draw.integers(0, 86_400 * 300, rows).astype("timedelta64[s]")
    return pa.table(
        {
            "id": np.arange(rows),
            **{f"x{n}": draw.normal(size=rows) for n in range(4)},
            "age": pa.array(draw.integers(18, 90, rows), mask=draw.random(rows) < 0.1),
            "flag": draw.random(rows) < 0.5,
            "city": draw.choice(["Paris", "Lyon, FR", 'New "York"', "Zürich"], rows),
            "word": draw.choice(["a", "bb", "ccc"], rows),
            "day": np.datetime64("2020-01-01")
            + draw.integers(0, 999, rows).astype("timedelta64[D]"),
            "moment": np.datetime64("2024-01-01T00:00:00") + seconds,
            "count": draw.integers(0, 9, rows),
        }
    )


def polars(file: str, kind: str, *, learn: bool) -> Iterator[pa.RecordBatch]:
    """Read with polars' streaming engine."""
    import polars as pl  # noqa: PLC0415

    options = {"infer_schema_length": None} if learn and kind != "parquet" else {}
    if kind == "csv":
        options["try_parse_dates"] = True
    scan = {"csv": pl.scan_csv, "jsonl": pl.scan_ndjson, "parquet": pl.scan_parquet}[kind]
    for frame in scan(file, **options).collect_batches(chunk_size=BATCH, maintain_order=True):
        yield from frame.to_arrow().to_batches()


def duckdb(file: str, kind: str, *, learn: bool) -> Iterator[pa.RecordBatch]:
    """Read with DuckDB, types found by its own sniffer."""
    import duckdb  # noqa: PLC0415

    name = {"csv": "read_csv", "jsonl": "read_json", "parquet": "read_parquet"}[kind]
    options = ", sample_size=-1" if learn and kind != "parquet" else ""
    with duckdb.connect(config={"threads": 1, "memory_limit": "200MB"}) as db:
        db.execute("SET enable_progress_bar = false")
        yield from db.sql(f"FROM {name}('{file}'{options})").to_arrow_reader(BATCH)


def pyarrow(file: str, kind: str, *, learn: bool) -> Iterator[pa.RecordBatch]:  # noqa: ARG001
    """Read with pyarrow, which learns types from the first block only."""
    if kind == "parquet":
        parquet = pq.ParquetFile(file, buffer_size=1 << 20, pre_buffer=False)
        return parquet.iter_batches(BATCH, use_threads=False)
    return (pacsv.open_csv if kind == "csv" else pajson.open_json)(file)


def modelyard(file: str, kind: str, *, learn: bool) -> Iterator[pa.RecordBatch]:  # noqa: ARG001
    """Read as our commands do."""
    import modelyard  # noqa: PLC0415
    from modelyard.data.access import open_source  # noqa: PLC0415

    context = modelyard.open(Path(file).parent / "yard").open()
    return open_source(context, "default", file).batches(rows=BATCH)


READERS = {each.__name__: each for each in (polars, duckdb, pyarrow, modelyard)}


def measure(reader: str, file: str, learn: str) -> None:
    """Read once and print what it took as JSON."""
    start = time.process_time()
    try:
        rows, types = 0, []
        for batch in READERS[reader](file, file.rpartition(".")[2], learn=learn == "learn"):
            rows += batch.num_rows
            types = [str(found) for found in batch.schema.types]
        said = f"{rows} rows: {', '.join(types)}"
    except Exception as exc:  # noqa: BLE001  whatever a reader says is what is compared
        said = " | ".join(line for line in str(exc).splitlines() if line)[:160]
    status = Path("/proc/self/status").read_text()  # getrusage would give the parent's peak
    peak = int(status.partition("VmHWM:")[2].split()[0]) >> 10
    print(json.dumps({"seconds": time.process_time() - start, "peak": peak, "said": said}))


def child(*arguments: str) -> dict[str, float | str]:
    """Measure in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, "--measure", *arguments],
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, float | str] = json.loads(done.stdout.splitlines()[-1])
    return found


def compare(folder: Path, table: pa.Table, rounds: int) -> None:
    """Print speed and memory."""
    files = {name: str(folder / f"table.{name}") for name in ("csv", "jsonl", "parquet")}
    pacsv.write_csv(table, files["csv"])
    pq.write_table(table, files["parquet"])
    with Path(files["jsonl"]).open("w") as out:
        for batch in table.to_batches(max_chunksize=BATCH):
            out.writelines(json.dumps(row, default=str) + "\n" for row in batch.to_pylist())
    found: dict[tuple[str, ...], list[dict[str, float | str]]] = defaultdict(list)
    for _ in range(rounds):
        for kind, file in files.items():
            for reader in READERS:
                for learn in ("head", "learn"):
                    if (learn == "learn") == (reader == "modelyard") or reader in (
                        "polars",
                        "duckdb",
                    ):
                        found[kind, reader, learn].append(child(reader, file, learn))
    print(f"{'format':9}{'reader':11}{'types from':12}{'CPU s':>7}{'peak MB':>9}")
    for (kind, reader, learn), each in found.items():
        seconds = statistics.median(float(one["seconds"]) for one in each)
        peak = statistics.median(float(one["peak"]) for one in each)
        told = (
            "the file" if kind == "parquet" else {"head": "the head", "learn": "every row"}[learn]
        )
        print(f"{kind:9}{reader:11}{told:12}{seconds:7.2f}{peak:9.0f}")


def show_broken(folder: Path, table: pa.Table) -> None:
    """Print what each reader says of broken and ambiguous files."""
    for title, content in BROKEN.items():
        file = folder / "broken.csv"
        if content == "late":
            lines = (folder / "table.csv").read_text().splitlines()
            place = table.num_rows * 9 // 10
            lines[place] = "unknown" + lines[place][lines[place].index(",") :]
            file.write_text("\n".join(lines))
        else:
            file.write_bytes(content if isinstance(content, bytes) else content.encode())
        print(f"\n{title}")
        for reader in READERS:
            learn = "learn" if reader in ("duckdb", "modelyard") else "head"
            print(f"  {reader:10} {child(reader, str(file), learn)['said']}")


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--measure", nargs=3)
    given = parser.parse_args()
    if given.measure:
        measure(*given.measure)
        return
    table = make_table(given.rows)
    with tempfile.TemporaryDirectory() as folder:
        compare(Path(folder), table, given.rounds)
        show_broken(Path(folder), table)


if __name__ == "__main__":
    main()
