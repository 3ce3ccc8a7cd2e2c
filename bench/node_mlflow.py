"""One linear scikit-learn pipeline behind a node and behind `mlflow models serve`, in turns.

Both answer the same request in MLflow's form, and first it is seen that they answer the same. Told
are requests per second and latencies by connections and rows; seconds from the start to the first
answer; memory; and p50 of one row over one connection beside that of the bare pyfunc, in turns.

    .venv/bin/python bench/node_mlflow.py [SECONDS]
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
import warnings
from pathlib import Path

import mlflow
from http_api import free_port
from load import Asked, load, request
from peers import BIN, ENDPOINT, ROWS, SERVICE, Peer, compare, data, packed, serve_node, served
from peers import trained as trained_with
from sklearn.linear_model import LogisticRegression

PATH = f"/{SERVICE}/{ENDPOINT}/invocations"
BARE_TURNS = 10


def trained(folder: Path) -> Path:
    """The model in MLflow's format."""
    return trained_with(folder, LogisticRegression(max_iter=500))


def body(rows: int) -> bytes:
    """Rows in MLflow's form."""
    frame, _ = data(rows)
    told = {"columns": list(frame), "data": frame.to_numpy().tolist()}
    return json.dumps({"dataframe_split": told}).encode()


def beside_bare(node: Peer, model: Path, seconds: float) -> None:
    """One row over one connection, and the pyfunc in this process, in turns."""
    loaded = mlflow.pyfunc.load_model(str(model))
    frame, _ = data(1)
    asked, took = Asked(), list[float]()
    for _ in range(BARE_TURNS):
        asked.plus(load(node.port, request(PATH, body(1)), connections=1, seconds=seconds / 3))
        until = time.perf_counter() + seconds / 3
        while (began := time.perf_counter()) < until:
            loaded.predict(frame)
            took.append(1e3 * (time.perf_counter() - began))
    bare = statistics.median(took)
    print(
        f"one row, one connection: p50 {asked.quantile(0.5):.2f} ms, bare pyfunc {bare:.2f} ms "
        f"(1.2 times it and 0.5 ms: {1.2 * bare + 0.5:.2f})"
    )


def main() -> None:
    """Measure and tell."""
    warnings.filterwarnings("ignore")
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 3.0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = trained(folder)
        node = packed(folder, model)
        ours, theirs = free_port(), free_port()
        mlflow_serve = [str(BIN / "mlflow"), "models", "serve", "-m", str(model)]
        mlflow_serve += ["--env-manager", "local", "--port", str(theirs)]
        with (
            served(serve_node(node, ours), folder / "ours", ours, PATH, body(1)) as our,
            served(mlflow_serve, folder / "theirs", theirs, "/invocations", body(1)) as their,
        ):
            for rows in ROWS:
                same = our.post(body(rows)) == their.post(body(rows))
                print(f"{rows:6} rows: the answers are {'the same' if same else 'DIFFERENT'}")
            beside_bare(our, model, seconds)
            compare({"node": our, "mlflow": their}, body, seconds)


if __name__ == "__main__":
    main()
