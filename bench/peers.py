"""A node and other servers of the same model, asked in turns: what the comparisons share.

A model of twelve mixed columns is saved by MLflow, imported, packed, imported by a node, activated
and served. All servers run at once and are asked the same in turns, so that a busy machine is busy
for each.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import psutil
from load import Asked, load, request
from mlflow.models import infer_signature
from sklearn.base import ClassifierMixin
from sklearn.compose import make_column_transformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import modelyard

CONNECTIONS = (1, 8, 32)
ROWS = (1, 100, 10_000)
TURNS = 3
BIN = Path(sys.executable).parent
SERVICE, ENDPOINT = "churn-api", "churn"
STARTS_WITHIN = 120.0
"""Seconds that a server has until its first answer."""


@dataclass(frozen=True)
class Peer:
    """A server that is running."""

    process: subprocess.Popen[bytes]
    port: int
    path: str
    started: float
    """Seconds from its start to its first answer."""

    def post(self, body: bytes) -> dict:
        """Send JSON, and give back what is answered."""
        return post(self.port, self.path, body)

    @property
    def memory(self) -> float:
        """MB of its processes, each shared page once."""
        return sum(each.memory_full_info().pss for each in self._processes()) / 1e6

    @property
    def cpu(self) -> float:
        """CPU seconds of its processes."""
        times = [each.cpu_times() for each in self._processes()]
        return sum(each.user + each.system for each in times)

    def _processes(self) -> list[psutil.Process]:
        top = psutil.Process(self.process.pid)
        return [top, *top.children(recursive=True)]


def data(rows: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Six numbers and six categories a row, and what is to be predicted."""
    draw = np.random.default_rng(0)
    frame = pd.DataFrame(
        {f"num_{at}": draw.normal(size=rows) for at in range(6)}
        | {f"cat_{at}": draw.choice(list("abcdefgh"), rows) for at in range(6)}
    )
    score = frame.num_0 + 0.5 * frame.num_1 + (frame.cat_0 == "a")
    return frame, np.where(score > 0.3, "yes", "no")


def trained(folder: Path, classifier: ClassifierMixin) -> Path:
    """A pipeline that ends in the classifier, in MLflow's format."""
    frame, truth = data(5000)
    numbers = [name for name in frame if name.startswith("num")]
    words = [name for name in frame if name.startswith("cat")]
    prepared = make_column_transformer(
        (StandardScaler(), numbers), (OneHotEncoder(handle_unknown="ignore"), words)
    )
    model = make_pipeline(prepared, classifier).fit(frame, truth)
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
    """A node that has the model active.

    As many calls may wait as there are clients, and for as long as they do: a query of many rows is
    a call of its own, and more than 16 would be refused, as no other server here does.
    """
    os.environ["MODELYARD_ENVS__DEFAULT"] = "local"
    yard = modelyard.open(folder / "yard")
    yard.models.create(name="churn", prediction_type="binary_classification")
    yard.versions.import_(
        model="churn", version="v1", source=str(model), target="y", classes=("no", "yes")
    )
    yard.services.create(name=SERVICE, endpoint={ENDPOINT: "churn"})
    yard.packages.create(service=SERVICE, package="p1")
    yard.packages.download(service=SERVICE, package="p1", output=str(folder / "p1.zip"))
    node = modelyard.node(folder / "node")
    node.init()
    node.import_(file=str(folder / "p1.zip"))
    own = folder / "node" / "config" / "services" / SERVICE / f"{ENDPOINT}.json"
    own.parent.mkdir(parents=True, exist_ok=True)
    own.write_text(json.dumps({"queue": max(CONNECTIONS), "timeout": 120_000}))
    node.activate(service=SERVICE, generation="p1")
    return folder / "node"


def serve_node(folder: Path, port: int) -> list[str]:
    """The command that serves a node."""
    return [str(BIN / "modelyard"), "node", "serve", "--folder", str(folder), "--port", str(port)]


@contextmanager
def served(
    words: Sequence[str], log: Path, port: int, path: str, body: bytes, bin_: Path = BIN
) -> Iterator[Peer]:
    """A server process that has answered once; it ends with the block."""
    began = time.perf_counter()
    environ = {**os.environ, "PATH": f"{bin_}{os.pathsep}{os.environ['PATH']}"}
    with log.open("wb") as sink:
        process = subprocess.Popen(words, env=environ, stdout=sink, stderr=sink)
        try:
            while True:
                try:
                    post(port, path, body)
                    break
                except (OSError, RuntimeError):  # it does not listen, or is not ready yet
                    late = time.perf_counter() - began > STARTS_WITHIN
                    if late or process.poll() is not None:
                        raise RuntimeError(log.read_text()) from None
                    time.sleep(0.02)
            yield Peer(process, port, path, time.perf_counter() - began)
        finally:
            process.terminate()
            process.wait(60)


def post(port: int, path: str, body: bytes) -> dict:
    """Send JSON, and give back what is answered.

    Raises:
        OSError: nobody answers.
        RuntimeError: it is no answer.
    """
    talk = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        talk.request("POST", path, body, {"content-type": "application/json"})
        answer = talk.getresponse()
        found = json.loads(answer.read())
    finally:
        talk.close()
    if answer.status != 200:
        raise RuntimeError(f"{answer.status} {found}")
    return found


def compare(peers: Mapping[str, Peer], body: Callable[[int], bytes], seconds: float) -> None:
    """Ask all in turns with some rows over some connections, and tell; the first is ours."""
    for name, peer in peers.items():
        print(f"{name:16} first answer after {peer.started:5.1f} s, {peer.memory:5.0f} MB (PSS)")
    for rows in ROWS:
        for count in CONNECTIONS:
            _compare(peers, rows, request_of(peers, body(rows)), count, seconds)


def request_of(peers: Mapping[str, Peer], body: bytes) -> dict[str, bytes]:
    """The same request for each."""
    return {name: request(peer.path, body) for name, peer in peers.items()}


def _compare(
    peers: Mapping[str, Peer], rows: int, sent: Mapping[str, bytes], count: int, seconds: float
) -> None:
    found = {name: Asked() for name in peers}
    spent = dict.fromkeys(peers, 0.0)
    for _ in range(TURNS):
        for name, peer in peers.items():
            before = peer.cpu
            found[name].plus(load(peer.port, sent[name], connections=count, seconds=seconds))
            spent[name] += peer.cpu - before
    for name, asked in found.items():
        spent[name] *= 1e3 / len(asked.took)
        print(
            f"{rows:6} rows {count:3} connections  {name:16} {asked.rate:8.1f} requests/s  "
            f"p50 {asked.quantile(0.5):8.2f} ms  p99 {asked.quantile(0.99):8.2f} ms  "
            f"{spent[name]:8.2f} CPU ms a request  failed {asked.failed}"
        )
    ours, *others = found
    for name in others:
        rate = found[ours].rate / found[name].rate
        less = spent[name] / spent[ours]
        print(
            f"{rows:6} rows {count:3} connections  {ours} has {rate:.1f} times the rate of {name}, "
            f"{less:.1f} times less CPU"
        )
