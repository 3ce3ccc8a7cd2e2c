"""A deployment on three nodes is updated again and again under load: does a query fail?

    python bench/deploying.py [--updates 10] [--clients 3]

The nodes are processes on this machine, administered over HTTP. Clients are processes, too, and ask
without a pause over connections that they keep. The endpoint is a Python function in workers.
Packages answer differently, so that it is seen which one did.
"""

from __future__ import annotations

import argparse
import multiprocessing
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import httpx2

import modelyard

NODES = ("a", "b", "c")
QUERY = "/public/api/v1/numbers/times/run"
PATIENCE = 120


def main() -> None:
    """Deploy, load, update, and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--updates", type=int, default=10)
    parser.add_argument("--clients", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        processes: list[subprocess.Popen[bytes]] = []
        try:
            measure(Path(folder), processes, given.updates, given.clients)
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                process.wait(PATIENCE)


def measure(
    folder: Path, processes: list[subprocess.Popen[bytes]], updates: int, clients: int
) -> None:
    """Update under load, and print what came of it."""
    yard = modelyard.open(folder / "yard", actor="bench")
    urls = [start(yard, folder, name, processes) for name in NODES]
    pack(yard, folder)
    yard.infrastructures.create(name="prod", stage="production", node=NODES)
    yard.deployments.create(name="numbers", service="numbers", package="p2", infrastructure="prod")
    context = multiprocessing.get_context("spawn")
    stop, told = context.Event(), context.Queue()
    asking = [context.Process(target=ask, args=(urls, stop, told)) for _ in range(clients)]
    for each in asking:
        each.start()
    time.sleep(2)
    seconds, health = [], Counter[str]()
    for number in range(updates):
        began = time.perf_counter()
        package = "p3" if number % 2 == 0 else "p2"
        health[yard.deployments.update(name="numbers", package=package).health] += 1
        seconds.append(time.perf_counter() - began)
    stop.set()
    outcomes, times = Counter[str](), []
    for _ in asking:
        counted, took = told.get(timeout=PATIENCE)
        outcomes += counted
        times += took
    for each in asking:
        each.join(PATIENCE)
    yard.close()
    cuts = statistics.quantiles(times, n=1000)
    print(f"{updates} updates over {len(NODES)} nodes, {clients} clients: {dict(health)}")
    print(f"seconds of an update: median {statistics.median(seconds):.1f}, most {max(seconds):.1f}")
    print(f"answers: {dict(outcomes)}")
    print(f"milliseconds: median {cuts[499]:.1f}, 99% {cuts[989]:.1f}, 99.9% {cuts[998]:.1f}")


def start(
    yard: modelyard.Workspace, folder: Path, name: str, processes: list[subprocess.Popen[bytes]]
) -> str:
    """Make a node, run it, and let the workspace administer it."""
    node = modelyard.node(folder / name)
    node.init()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "modelyard", "node", "serve", "--port", str(port)]
    with (folder / f"{name}.log").open("w") as log:
        processes.append(
            subprocess.Popen([*command, "--folder", str(folder / name)], stdout=log, stderr=log)
        )
    yard.nodes.add(name=name, address=url, key=node.keys.create(label="bench").secret)
    until = time.monotonic() + PATIENCE
    while True:
        try:
            if httpx2.get(f"{url}/isAlive", timeout=5).status_code == 200:
                return url
        except httpx2.HTTPError:
            pass
        if time.monotonic() > until:
            raise SystemExit((folder / f"{name}.log").read_text())
        time.sleep(0.1)


def pack(yard: modelyard.Workspace, folder: Path) -> None:
    """Two packages, which multiply by 2 and by 3."""
    yard.services.create(name="numbers")
    code = folder / "times.py"
    for times in (2, 3):
        code.write_text(f"def times(x):\n    return {times} * x\n")
        asked: dict[str, Any] = {"service": "numbers", "endpoint": "times"}
        if times == 2:
            yard.endpoints.function(**asked, file=str(code), function="times", env="local")
            yard.queries.add(**asked, name="one", value={"x": 1})
        else:
            yard.endpoints.update(**asked, file=str(code))
        yard.packages.create(service="numbers", package=f"p{times}")


def ask(urls: list[str], stop: Event, told: Any) -> None:
    """Ask one node after another; tells what was answered how often, and how long each took."""
    counted, times = Counter[str](), []
    clients = [httpx2.Client(base_url=url, timeout=PATIENCE) for url in urls]
    while not stop.is_set():
        for http in clients:
            began = time.perf_counter()
            try:
                answer = http.post(QUERY, json={"x": 1})
                fine = answer.status_code == 200
                counted[f"x{answer.json()['response']}" if fine else answer.text[:99]] += 1
            except httpx2.HTTPError as exc:
                counted[repr(exc)] += 1
            times.append(1000 * (time.perf_counter() - began))
    told.put((counted, times))


if __name__ == "__main__":
    main()
