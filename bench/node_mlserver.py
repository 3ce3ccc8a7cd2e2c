"""A forest of 201 trees behind a node and behind MLServer, in turns.

Both answer the same request of the Open Inference Protocol, and first it is seen that they answer
the same labels; the node's answers have probabilities, too. MLServer gets a virtual environment of
its own in a temporary folder, or the one that is named. It runs twice: as it comes, but without the
worker process, which does not start from a fresh install (`parallel_workers` 0), and so with its
adaptive batching of 64 rows.

    .venv/bin/python bench/node_mlserver.py [--seconds 3] [--mlserver VENV]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import warnings
from pathlib import Path
from typing import Any

from http_api import free_port
from peers import BIN, ENDPOINT, ROWS, SERVICE, Peer, compare, data, packed, serve_node, served
from peers import trained as trained_with
from sklearn.ensemble import RandomForestClassifier

MLSERVER = ("mlserver", "mlserver-mlflow", "mlserver-sklearn")
PATH = f"/v2/models/{SERVICE}.{ENDPOINT}/infer"
THEIR_PATH = "/v2/models/churn/infer"
TREES = 201
"""An odd number, so that classes do not tie: a node takes the second then, MLServer the first."""
BATCHING: dict[str, Any] = {"max_batch_size": 64, "max_batch_time": 0.005}


def installed(folder: Path) -> Path:
    """The programs of a virtual environment that has MLServer."""
    uv = str(BIN / "uv")
    subprocess.run([uv, "venv", "-q", "--python", str(BIN / "python"), str(folder)], check=True)
    python = str(folder / "bin" / "python")
    subprocess.run([uv, "pip", "install", "-q", "--python", python, *MLSERVER], check=True)
    return folder / "bin"


def configured(folder: Path, model: Path, port: int, batching: dict[str, Any]) -> list[str]:
    """The command that serves the model; the files that it reads are written."""
    folder.mkdir()
    served_by = {"implementation": "mlserver_mlflow.MLflowRuntime"}
    told = {"name": "churn", **served_by, "parameters": {"uri": str(model)}, **batching}
    ports = {"http_port": port, "grpc_port": free_port(), "metrics_port": free_port()}
    (folder / "model-settings.json").write_text(json.dumps(told))
    (folder / "settings.json").write_text(
        json.dumps({"host": "127.0.0.1", "debug": False, "parallel_workers": 0, **ports})
    )
    return ["mlserver", "start", str(folder)]


def body(rows: int) -> bytes:
    """Rows as tensors, a column each."""
    frame, _ = data(rows)
    inputs = []
    for name in frame:
        number = name.startswith("num")
        tensor = {"name": name, "shape": [rows, 1], "datatype": "FP64" if number else "BYTES"}
        told = {} if number else {"parameters": {"content_type": "str"}}
        inputs.append({**tensor, **told, "data": frame[name].tolist()})
    return json.dumps({"parameters": {"content_type": "pd"}, "inputs": inputs}).encode()


def predictions(peer: Peer, rows: int) -> list[Any]:
    """What it predicts for some rows; a node's first output, which probabilities follow."""
    return list(peer.post(body(rows))["outputs"][0]["data"])


def main() -> None:
    """Measure and tell."""
    warnings.filterwarnings("ignore")
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--seconds", type=float, default=3)
    options.add_argument("--mlserver", type=Path, help="a virtual environment that has it")
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        theirs = asked.mlserver / "bin" if asked.mlserver else installed(folder / "venv")
        model = trained_with(folder, RandomForestClassifier(TREES, random_state=0))
        node = packed(folder, model)
        ours, plain, batched = free_port(), free_port(), free_port()
        plainly = configured(folder / "plain", model, plain, {})
        in_batches = configured(folder / "batched", model, batched, BATCHING)
        first = body(1)
        with (
            served(serve_node(node, ours), folder / "ours", ours, PATH, first) as our,
            served(plainly, folder / "1", plain, THEIR_PATH, first, theirs) as their,
            served(in_batches, folder / "2", batched, THEIR_PATH, first, theirs) as batching,
        ):
            peers = {"node": our, "mlserver": their, "mlserver-batches": batching}
            for rows in ROWS:
                found = [predictions(peer, rows) for peer in peers.values()]
                same = all(each == found[0] for each in found)
                print(f"{rows:6} rows: the answers are {'the same' if same else 'DIFFERENT'}")
            compare(peers, body, asked.seconds)


if __name__ == "__main__":
    main()
