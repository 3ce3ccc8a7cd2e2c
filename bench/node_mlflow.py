"""One linear scikit-learn pipeline behind a node and behind `mlflow models serve`, in turns.

The whole chain: a model is imported, packed, imported by a node, activated and served; both answer
the same request in MLflow's form, and first it is seen that they answer the same. Told are requests
per second and latencies by connections and rows; p50 beside the bare pyfunc; seconds from the start
to the first answer; and memory.

    .venv/bin/python bench/node_mlflow.py [SECONDS]
"""

from __future__ import annotations

import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import psutil
from http_api import free_port
from load import Asked, load, request
from mlflow.models import infer_signature
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import modelyard

CONNECTIONS = (1, 8, 32)
ROWS = (1, 100, 10_000)
TURNS = 3
BIN = Path(sys.executable).parent


def data(rows: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Six numbers and six categories a row, and what is to be predicted."""
    draw = np.random.default_rng(0)
    frame = pd.DataFrame(
        {f"num_{at}": draw.normal(size=rows) for at in range(6)}
        | {f"cat_{at}": draw.choice(list("abcdefgh"), rows) for at in range(6)}
    )
    score = frame.num_0 + 0.5 * frame.num_1 + (frame.cat_0 == "a")
    return frame, np.where(score > 0.3, "yes", "no")


def trained(folder: Path) -> Path:
    """The model in MLflow's format."""
    frame, truth = data(5000)
    numbers = [name for name in frame if name.startswith("num")]
    words = [name for name in frame if name.startswith("cat")]
    prepared = make_column_transformer(
        (StandardScaler(), numbers), (OneHotEncoder(handle_unknown="ignore"), words)
    )
    model = make_pipeline(prepared, LogisticRegression(max_iter=500)).fit(frame, truth)
    signature = infer_signature(frame, model.predict(frame))
    mlflow.sklearn.save_model(
        model,
        str(folder / "model"),
        signature=signature,
        input_example=frame.head(3),
        serialization_format="cloudpickle",
        pip_requirements=["scikit-learn"],
    )
    return folder / "model"


def packed(folder: Path, model: Path) -> Path:
    """A node that has the model active."""
    yard = modelyard.open(folder / "yard")
    yard.models.create(name="churn", prediction_type="binary_classification")
    yard.versions.import_(
        model="churn", version="v1", source=str(model), target="y", classes=("no", "yes")
    )
    yard.services.create(name="churn-api", endpoint={"churn": "churn"})
    yard.packages.create(service="churn-api", package="p1")
    yard.packages.download(service="churn-api", package="p1", output=str(folder / "p1.zip"))
    node = modelyard.node(folder / "node")
    node.init()
    node.import_(file=str(folder / "p1.zip"))
    node.activate(service="churn-api", generation="p1")
    return folder / "node"


@contextmanager
def served(words: list[str], log: Path, path: str, body: bytes, port: int) -> Iterator[tuple]:
    """A server process, and the seconds until its first answer."""
    began = time.perf_counter()
    environ = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    with log.open("wb") as sink:
        process = subprocess.Popen(words, env=environ, stdout=sink, stderr=sink)
        try:
            while True:
                try:
                    post(port, path, body)
                    break
                except OSError:
                    if process.poll() is not None:
                        raise RuntimeError(log.read_text()) from None
                    time.sleep(0.02)
            yield process, time.perf_counter() - began
        finally:
            process.terminate()
            process.wait(60)


def post(port: int, path: str, body: bytes) -> dict:
    """Send JSON, and give back what is answered."""
    talk = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    talk.request("POST", path, body, {"content-type": "application/json"})
    answer = talk.getresponse()
    found = json.loads(answer.read())
    talk.close()
    if answer.status != 200:
        raise RuntimeError(f"{answer.status} {found}")
    return found


def memory(process: subprocess.Popen) -> float:
    """Memory of a process and its children, each shared page once: MB."""
    top = psutil.Process(process.pid)
    return sum(each.memory_full_info().pss for each in (top, *top.children(recursive=True))) / 1e6


def body(rows: int) -> bytes:
    """Rows in MLflow's form."""
    frame, _ = data(rows)
    told = {"columns": list(frame), "data": frame.to_numpy().tolist()}
    return json.dumps({"dataframe_split": told}).encode()


def main() -> None:
    """Measure and tell."""
    warnings.filterwarnings("ignore")
    os.environ["MODELYARD_ENVS__DEFAULT"] = "local"
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 3.0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = trained(folder)
        node = packed(folder, model)
        ours, theirs = free_port(), free_port()
        ask = "/churn-api/churn/invocations"
        serve = [str(BIN / "modelyard"), "node", "serve", "--folder", str(node)]
        mlflow_serve = [str(BIN / "mlflow"), "models", "serve", "-m", str(model)]
        mlflow_serve += ["--env-manager", "local", "--port", str(theirs)]
        with (
            served([*serve, "--port", str(ours)], folder / "ours", ask, body(1), ours) as our,
            served(mlflow_serve, folder / "theirs", "/invocations", body(1), theirs) as their,
        ):
            for rows in ROWS:
                same = post(ours, ask, body(rows)) == post(theirs, "/invocations", body(rows))
                print(f"{rows:6} rows: the answers are {'the same' if same else 'DIFFERENT'}")
            print(f"start to first answer: node {our[1]:.1f} s, mlflow {their[1]:.1f} s")
            print(f"memory: node {memory(our[0]):.0f} MB, mlflow {memory(their[0]):.0f} MB (PSS)")
            both = {
                "node": (ours, ask, our[0]),
                "mlflow": (theirs, "/invocations", their[0]),
            }
            for rows in ROWS:
                for count in CONNECTIONS if rows == 1 else (1,):
                    compare(both, rows, count, seconds)
        bare(model)


def cpu(process: subprocess.Popen) -> float:
    """CPU seconds of a process and its children."""
    top = psutil.Process(process.pid)
    times = [each.cpu_times() for each in (top, *top.children(recursive=True))]
    return sum(each.user + each.system for each in times)


def compare(both: dict[str, tuple], rows: int, count: int, seconds: float) -> None:
    """Ask each in turns, and tell."""
    found = {what: Asked() for what in both}
    spent = dict.fromkeys(both, 0.0)
    for _ in range(TURNS):
        for what, (port, path, process) in both.items():
            before = cpu(process)
            asked = load(port, request(path, body(rows)), connections=count, seconds=seconds)
            spent[what] += cpu(process) - before
            found[what].plus(asked)
    for what, asked in found.items():
        spent[what] *= 1e3 / len(asked.took)
        print(
            f"{rows:6} rows {count:3} connections  {what:6} {asked.rate:8.1f} requests/s  "
            f"p50 {asked.quantile(0.5):8.2f} ms  p99 {asked.quantile(0.99):8.2f} ms  "
            f"{spent[what]:8.2f} CPU ms a request  failed {asked.failed}"
        )
    rate = found["node"].rate / found["mlflow"].rate
    less = spent["mlflow"] / spent["node"]
    print(f"{rows:6} rows {count:3} connections  {rate:.1f} times the rate, {less:.1f} less CPU")


def bare(model: Path) -> None:
    """The pyfunc in this process."""
    loaded = mlflow.pyfunc.load_model(str(model))
    frame, _ = data(1)
    took = []
    for _ in range(300):
        began = time.perf_counter()
        loaded.predict(frame)
        took.append(1e3 * (time.perf_counter() - began))
    print(f"bare pyfunc, 1 row: p50 {statistics.median(took):.2f} ms")


if __name__ == "__main__":
    main()
