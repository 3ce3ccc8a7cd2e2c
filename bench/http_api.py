"""Listing a thousand models and reading one version over HTTP, beside MLflow's own server.

Both servers run at the same time, each with its SQLite file, and are asked in turns, so that a busy
machine is busy for both. Clients keep their connections. Also: how long `modelyard serve` takes to
its first answer, how much memory it holds when nothing happens, and what HTTP adds to a command.

    .venv/bin/python bench/http_api.py
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from plain import plain_model

MODELS = 1000
CLIENTS = 4
TURNS = 5
SECONDS = 3.0


@dataclass
class Asked:
    """The times that requests of one kind took."""

    seconds: float = 0
    took: list[float] = field(default_factory=list)
    size: int = 0

    @property
    def rate(self) -> float:
        """Requests per second."""
        return len(self.took) / self.seconds

    def told(self) -> str:
        """All of it in one line."""
        ranked = statistics.quantiles(self.took, n=100)
        return (
            f"{self.rate:8.1f} per second   median {ranked[49] * 1e3:7.1f} ms   "
            f"p99 {ranked[98] * 1e3:7.1f} ms   {self.size / 1e3:8.1f} kB"
        )


def ask(port: int, path: str, into: Asked) -> None:
    """Ask for a path from several clients at once for a while."""
    until = time.perf_counter() + SECONDS
    lock = threading.Lock()

    def client() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        while (began := time.perf_counter()) < until:
            connection.request("GET", path)
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != 200:
                raise RuntimeError(f"{path}: {answer.status} {body[:300]!r}")
            with lock:
                into.took.append(time.perf_counter() - began)
                into.size = len(body)
        connection.close()

    began = time.perf_counter()
    threads = [threading.Thread(target=client) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    into.seconds += time.perf_counter() - began


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def wait_for(port: int, path: str) -> float:
    """Seconds until the first answer."""
    began = time.perf_counter()
    while True:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", path)
            connection.getresponse().read()
            return time.perf_counter() - began
        except OSError:
            time.sleep(0.01)


@contextmanager
def process(words: list[str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that ends with the block."""
    log = (folder / f"{Path(words[0]).name}.log").open("ab")
    environ = {**os.environ, "MODELYARD_ENVS__DEFAULT": "local"}
    running = subprocess.Popen(words, cwd=folder, env=environ, stdout=log, stderr=log)
    try:
        yield running
    finally:
        running.terminate()
        running.wait()
        log.close()


def post(port: int, path: str, body: dict[str, object]) -> dict[str, object]:
    """Send a JSON body, and give back the one that is answered."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    headers = {"content-type": "application/json", "prefer": "wait=60"}
    connection.request("POST", path, json.dumps(body), headers)
    answer = connection.getresponse()
    found = json.loads(answer.read())
    if answer.status not in (200, 201):
        raise RuntimeError(f"{path}: {answer.status} {found}")
    return dict(found)


def fill_ours(port: int, folder: Path) -> None:
    """A thousand models, the first with a version."""
    projects = "/api/v1/projects/default"
    for number in range(MODELS):
        body = {"name": f"model-{number:04d}", "prediction_type": "regression"}
        post(port, f"{projects}/models", {**body, "description": f"model {number} of many"})
    model = plain_model(folder / "plain")
    body = {"version": "v1", "source": str(model), "target": "y"}
    post(port, f"{projects}/models/model-0000/versions", body)


def fill_theirs(port: int) -> None:
    """The same at MLflow's server."""
    api = "/api/2.0/mlflow"
    for number in range(MODELS):
        body = {"name": f"model-{number:04d}", "description": f"model {number} of many"}
        post(port, f"{api}/registered-models/create", body)
    body = {"name": "model-0000", "source": "s3://nowhere/model"}
    post(port, f"{api}/model-versions/create", body)


def memory(running: subprocess.Popen[bytes]) -> float:
    """Resident memory of a process and its children, MB."""
    top = psutil.Process(running.pid)
    return sum(each.memory_info().rss for each in (top, *top.children(recursive=True))) / 1e6


def in_turns(asks: dict[str, Callable[[Asked], None]]) -> dict[str, Asked]:
    """Ask each for a while, then the next, again and again."""
    found = {name: Asked() for name in asks}
    for _ in range(TURNS):
        for name, ask_for in asks.items():
            ask_for(found[name])
    return found


def main() -> None:
    """Measure and tell."""
    python = Path(sys.executable)
    ours, theirs = free_port(), free_port()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        serve = [str(python.with_name("modelyard")), "serve", "--no-auth", "--port", str(ours)]
        starts = []
        for _ in range(3):
            with process(serve, folder):
                starts.append(wait_for(ours, "/healthz"))
        mlflow = [
            str(python.with_name("mlflow")),
            "server",
            "--port",
            str(theirs),
            "--workers",
            "1",
        ]
        mlflow += ["--backend-store-uri", f"sqlite:///{folder / 'mlflow.db'}"]
        with process(serve, folder) as server, process(mlflow, folder):
            wait_for(ours, "/readyz")
            wait_for(theirs, "/health")
            time.sleep(10)  # it loads what commands need meanwhile
            idle = memory(server)
            fill_ours(ours, folder)
            fill_theirs(theirs)
            models = "/api/v1/projects/default/models"
            registered = "/api/2.0/mlflow/registered-models/search?max_results=1000"
            version = "/api/2.0/mlflow/model-versions/get?name=model-0000&version=1"
            found = in_turns(
                {
                    "list, Modelyard": lambda into: ask(ours, f"{models}?limit=1000", into),
                    "list, MLflow": lambda into: ask(theirs, registered, into),
                    "version, Modelyard": lambda into: ask(
                        ours, f"{models}/model-0000/versions/v1", into
                    ),
                    "version, MLflow": lambda into: ask(theirs, version, into),
                }
            )
            full = memory(server)
    for what, asked in found.items():
        print(f"{what:20} {asked.told()}")
    for what in ("list", "version"):
        ratio = found[f"{what}, Modelyard"].rate / found[f"{what}, MLflow"].rate
        print(f"{what}: {ratio:.1f} times MLflow's rate")
    print(f"start to first answer: {statistics.median(starts):.2f} s")
    print(f"memory: {idle:.0f} MB idle, {full:.0f} MB after all of this")


if __name__ == "__main__":
    main()
