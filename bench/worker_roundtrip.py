"""What it costs to run a model in a worker process: round trips of rows, and start to first answer.

    python bench/worker_roundtrip.py

Each round asks the worker and the model in this process in turns; medians are printed. `transport`
is the round trip of the rows alone, there and one column back, with no model at the other end.
"""

from __future__ import annotations

import os
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import psutil
import pyarrow as pa
import yaml
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from modelyard.kernel.settings import RuntimeSettings
from modelyard.runtime.pool import ModelFolder, WorkerPool
from modelyard.runtime.types import PredictOptions
from modelyard.runtime.worker import protocol

ROUNDS = {1: 200, 100: 200, 10_000: 30, 100_000: 10}


def rows(count: int) -> pd.DataFrame:
    """Nine numbers and three words a row."""
    random = np.random.default_rng(0)
    numbers = {f"n{at}": random.normal(size=count) for at in range(9)}
    words = {f"w{at}": random.integers(0, 100, count).astype(str) for at in range(3)}
    return pd.DataFrame({**numbers, **words})


def save_model(folder: Path) -> Any:
    """Save a scikit-learn pipeline in MLflow's format."""
    frame = rows(5_000)
    words = [name for name in frame if name.startswith("w")]
    numbers = [name for name in frame if name.startswith("n")]
    model = make_pipeline(
        make_column_transformer(
            (OneHotEncoder(handle_unknown="ignore"), words), (StandardScaler(), numbers)
        ),
        LogisticRegression(),
    )
    model.fit(frame, frame["n0"] > 0)
    mlflow.sklearn.save_model(
        model, folder, pip_requirements=["scikit-learn"], serialization_format="cloudpickle"
    )


def echo_process() -> socket.socket:
    """Fork a process that sends back the first column of what it receives."""
    ours, theirs = socket.socketpair()
    if os.fork() == 0:
        ours.close()
        while True:
            try:
                _, table = protocol.receive(theirs)
            except EOFError:
                os._exit(0)
            protocol.send(theirs, {}, table.select([0]))
    theirs.close()
    return ours


def milliseconds(action: Callable[..., object], *arguments: object) -> float:
    """How long an action takes."""
    started = time.perf_counter()
    action(*arguments)
    return 1000 * (time.perf_counter() - started)


def main() -> None:
    """Measure and print."""
    echo = echo_process()
    folder = Path(tempfile.mkdtemp(prefix="worker-roundtrip-"))
    save_model(folder / "model")
    here = mlflow.pyfunc.load_model(str(folder / "model"))
    frame = rows(max(ROUNDS))
    table = pa.Table.from_pandas(frame, preserve_index=False)
    direct = PredictOptions(mode="direct")
    mlmodel = yaml.safe_load((folder / "model" / "MLmodel").read_text())
    model = ModelFolder(
        Path(sys.executable), folder / "model", {"mlmodel": mlmodel, "inputs": None}
    )

    def through_echo(some: pa.Table) -> None:
        protocol.send(echo, {}, some)
        protocol.receive(echo, check=True)

    for attempt in ("first", "again"):
        with WorkerPool(model, size=1, settings=RuntimeSettings(), log=folder / "log") as pool:
            taken = milliseconds(pool.predict, table.slice(0, 1), direct) / 1000
            spent = sum(psutil.Process(pool.pids[0]).cpu_times()[:2])
            print(f"start to first answer, {attempt}: {taken:.2f} s, {spent:.2f} s of CPU")
    with WorkerPool(model, size=1, settings=RuntimeSettings(), log=folder / "log") as pool:
        pool.load()
        print(f"{'rows':>8} {'transport ms':>13} {'worker ms':>10} {'pyfunc ms':>10} {'ratio':>6}")
        for count, rounds in ROUNDS.items():
            some, same = table.slice(0, count), frame[:count]
            turns = [
                (
                    milliseconds(through_echo, some),
                    milliseconds(pool.predict, some, direct),
                    milliseconds(here.predict, same),
                )
                for _ in range(rounds)
            ]
            medians = list(map(statistics.median, zip(*turns, strict=True)))
            ratio = medians[1] / medians[2]
            print("{:>8,} {:>13.2f} {:>10.2f} {:>10.2f} {:>6.2f}".format(count, *medians, ratio))


if __name__ == "__main__":
    main()
