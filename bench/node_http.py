"""What HTTP, JSON, validation, dispatch and the query log of a node cost around a model.

A no-op handler on the same server, which parses a row and answers 30 bytes, is asked in turns with
a node whose model answers at once: so a busy machine is busy for both. Told are CPU milliseconds of
the server by request (what a busy machine does not change much), and requests per second.

    .venv/bin/python bench/node_http.py [SECONDS]
"""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import socket
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import psutil
import uvicorn
import uvloop
from load import Asked, load, request

from modelyard.runtime.types import CodeEnv, EnvRequest, InputColumn, Interpretation, ModelInputs
from modelyard.serving.administration.node import Node
from modelyard.serving.administration.running import running_node
from modelyard.serving.asking import PoolStatus
from modelyard.serving.audit import Administrator
from modelyard.serving.endpoints.prediction import LoadedPrediction
from modelyard.serving.folder import NodeFolder
from modelyard.serving.http.application import application
from modelyard.serving.http.problems import status_of
from modelyard.serving.packages.types import PackageContent, PackagedModel, PredictionEndpoint
from modelyard.serving.packages.writing import write_package
from modelyard.serving.plane import DataPlane
from modelyard.serving.recording import Recording
from modelyard.serving.rows import reader_for
from modelyard.serving.runners import Predicted
from modelyard.serving.server import HEADERS, bound, protocol

HOST = "127.0.0.1"
CONNECTIONS = (1, 8, 32)
TURNS = 5
DAY = datetime(2026, 3, 1, tzinfo=UTC)
ROW = {f"num_{at}": at * 1.37 for at in range(6)} | {f"cat_{at}": f"value{at}" for at in range(6)}
BODY = json.dumps({"features": ROW}).encode()
COLUMNS = tuple(
    InputColumn(name=name, type="double" if name.startswith("num") else "string") for name in ROW
)
MODEL = PackagedModel(
    id="S-p-noop-v1",
    model="noop",
    version="v1",
    flavor="sklearn",
    digest="0" * 64,
    folder="models/noop",
    env="local",
    prediction_type="binary_classification",
    inputs=ModelInputs(columns=COLUMNS),
    interpretation=Interpretation(rule="probabilities"),
    classes=("no", "yes"),
)


class AtOnce:
    """A runner that answers without a model."""

    async def predict(self, _wish: Any, _kind: Any, rows: Any) -> Predicted:
        """The same for every row."""
        columns = ("prediction", "proba_no", "proba_yes")
        return Predicted(columns, [("yes", 0.25, 0.75)] * len(rows), 0.0, 0.0, len(rows))

    def status(self) -> PoolStatus:
        """It has no workers."""
        return PoolStatus()

    async def close(self) -> None:
        """It holds nothing."""


async def load_endpoint(declared: Any, *_: Any) -> LoadedPrediction:
    """The endpoint with that runner."""
    return LoadedPrediction(declared, MODEL, reader_for(MODEL.inputs), AtOnce())  # type: ignore[arg-type]


def made(folder: Path) -> Path:
    """A node with one service."""
    env = CodeEnv(id="local", python="3", packages=(), asked=EnvRequest(source="-"), created=DAY)
    told = PackageContent(
        service="noop",
        package="p1",
        created=DAY,
        created_by="-",
        made_with="-",
        envs=(env,),
        models=(MODEL,),
        endpoints=(PredictionEndpoint(name="noop", model=MODEL.id),),
    )
    write_package(folder / "p1.zip", told, {"models/noop/MLmodel": b"{}"})
    node = Node(folder / "node", Administrator("-"), load=load_endpoint)
    node.init()
    node.import_(file=str(folder / "p1.zip"))
    node.activate(service="noop", generation="p1")
    return node.folder


async def noop(_scope: Any, receive: Any, send: Any) -> None:
    """Parse a row, answer 30 bytes."""
    msgspec.json.decode((await receive())["body"])
    headers = [(b"content-type", b"application/json"), (b"content-length", b"30")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b'{"prediction":"yes","proba":1}'})


async def serve(app: Any, ready: Any, limits: Any) -> None:
    """Serve as a node does."""
    listener = bound(HOST, 0, shared=False)
    config = uvicorn.Config(
        app,
        http=protocol(limits),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        headers=HEADERS,
    )
    ready.send(listener.getsockname()[1])
    await uvicorn.Server(config).serve(sockets=[listener])


def serve_noop(folder: Path, ready: Any) -> None:
    """The process of the no-op handler."""
    uvloop.run(serve(noop, ready, NodeFolder.opened(folder).settings().http))


def serve_node(folder: Path, ready: Any) -> None:
    """The process of the node."""
    uvloop.run(_serve_node(NodeFolder.opened(folder), ready))


async def _serve_node(folder: NodeFolder, ready: Any) -> None:
    settings = folder.settings()
    runs = running_node(folder, settings, load=load_endpoint)
    recording = Recording(folder.path, settings.queries, settings.traces)
    plane = DataPlane(runs, recording.observers, status_of)
    app = application(
        plane, runs.keys, recording.metrics, settings.http, folder, is_stopping=lambda: False
    )
    await runs.start()
    await serve(app, ready, settings.http)
    recording.close()
    await runs.stop()


def answers(port: int) -> None:
    """Wait until somebody listens."""
    for _ in range(1000):
        with contextlib.suppress(ConnectionRefusedError), socket.create_connection((HOST, port)):
            return
        time.sleep(0.01)


def measured(process: psutil.Process, sent: bytes, port: int, count: int, seconds: float) -> tuple:
    """What was asked, and CPU seconds of the process meanwhile."""
    before = process.cpu_times()
    asked = load(port, sent, connections=count, seconds=seconds)
    after = process.cpu_times()
    return asked, after.user + after.system - before.user - before.system


def main() -> None:
    """Measure and tell."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 2.0
    spawn = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as name:
        folder = made(Path(name))
        servers = {}
        for what, target in (("no-op", serve_noop), ("node", serve_node)):
            ready, tells = spawn.Pipe(duplex=False)
            process = spawn.Process(target=target, args=(folder, tells))
            process.start()
            servers[what] = (process, ready.recv())
            answers(servers[what][1])
        paths = {"no-op": "/", "node": "/public/api/v1/noop/noop/predict"}
        try:
            for count in CONNECTIONS:
                found = {what: (Asked(), []) for what in servers}
                for _ in range(TURNS):
                    for what, (process, port) in servers.items():
                        sent = request(paths[what], BODY)
                        watched = psutil.Process(process.pid)
                        asked, cpu = measured(watched, sent, port, count, seconds)
                        found[what][0].plus(asked)
                        found[what][1].append(1e3 * cpu / len(asked.took))
                tell(count, found)
        finally:
            for process, _ in servers.values():
                process.terminate()
                process.join()


def tell(count: int, found: dict[str, tuple[Asked, list[float]]]) -> None:
    """One line for each server, and their ratio."""
    for what, (asked, cpu) in found.items():
        print(
            f"{count:3} connections  {what:6} {statistics.median(cpu):.4f} CPU ms a request  "
            f"{asked.rate:8.0f} requests/s  p50 {asked.quantile(0.5):6.2f} ms  "
            f"p99 {asked.quantile(0.99):6.2f} ms  failed {asked.failed}"
        )
    ratio = statistics.median(found["node"][1]) / statistics.median(found["no-op"][1])
    print(f"{count:3} connections  node / no-op: {ratio:.2f} times the CPU")


if __name__ == "__main__":
    main()
