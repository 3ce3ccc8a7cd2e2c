"""Three nodes behind a real load balancer, one of which is killed under load."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime

import httpx2
import pytest
from tests.clients import Clients
from tests.ports import free_port

import modelyard
from modelyard.runtime.types import CodeEnv, EnvRequest
from modelyard.serving.operating.types import Plan
from modelyard.serving.operating.writing import write_files
from modelyard.serving.packages.types import FunctionEndpoint, PackageContent, TestQuery
from modelyard.serving.packages.writing import write_package

pytestmark = pytest.mark.slow
DAY = datetime(2026, 3, 1, tzinfo=UTC)
ENV = CodeEnv(id="local", python="3.11", packages=(), asked=EnvRequest(source="local"), created=DAY)
CODE = b"def double(x):\n    return 2 * x\n"
PATH = "/public/api/v1/numbers/double/run"
PATIENCE = 60
START = {
    "nginx": ("nginx", "-p", ".", "-c", "nginx.conf", "-g", "daemon off;"),
    "haproxy": ("haproxy", "-db", "-f", "haproxy.cfg"),
}


class Nodes:
    """Processes of three nodes that hold the same package."""

    def __init__(self, folder) -> None:
        self.folder = folder
        self.ports = [free_port() for _ in range(3)]
        self.processes: list[subprocess.Popen[str]] = []
        query = TestQuery(name="two", query={"x": 1}, expected={"response": 2})
        endpoint = FunctionEndpoint(
            name="double",
            file="functions/double.py",
            function="double",
            env="local",
            test_queries=(query,),
        )
        content = PackageContent(
            service="numbers",
            package="p1",
            created=DAY,
            created_by="ann",
            made_with=modelyard.__version__,
            envs=(ENV,),
            endpoints=(endpoint,),
        )
        write_package(folder / "p1.zip", content, {"functions/double.py": CODE})
        first = modelyard.node(folder / "node0")
        first.init()
        first.import_(file=str(folder / "p1.zip"))
        first.activate(service="numbers", generation="p1")
        for at in (1, 2):
            shutil.copytree(first.folder, folder / f"node{at}")
        self.processes = [self.start(at) for at in range(3)]
        for at in range(3):
            self.wait(at)

    def start(self, at: int) -> subprocess.Popen[str]:
        words = ["--folder", str(self.folder / f"node{at}"), "--port", str(self.ports[at])]
        command = [sys.executable, "-m", "modelyard", "node", "serve", *words]
        with (self.folder / f"node{at}.log").open("a") as log:
            return subprocess.Popen(command, stdout=log, stderr=log)

    def wait(self, at: int) -> None:
        """Wait until it answers its test query."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                url = f"http://127.0.0.1:{self.ports[at]}/v2/health/ready"
                if httpx2.get(url, timeout=5).status_code == 200:
                    return
            except httpx2.HTTPError:
                pass
            assert time.monotonic() < until, (self.folder / f"node{at}.log").read_text()
            time.sleep(0.1)

    def end(self) -> None:
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(PATIENCE)


@pytest.fixture(scope="module")
def nodes(tmp_path_factory):
    nodes = Nodes(tmp_path_factory.mktemp("nodes"))
    yield nodes
    nodes.end()


@pytest.mark.parametrize("balancer", START)
def test_no_query_fails_when_a_node_is_killed(nodes, balancer, tmp_path):
    if shutil.which(balancer) is None:
        pytest.skip(f"there is no {balancer} here: install it ('make balancers')")
    port = free_port()
    addresses = tuple(f"127.0.0.1:{each}" for each in nodes.ports)
    write_files(balancer, Plan(port=port, nodes=addresses), tmp_path)
    told = tmp_path / "log"
    with told.open("w") as log:
        between = subprocess.Popen(START[balancer], cwd=tmp_path, stdout=log, stderr=log)
    clients = Clients(f"http://127.0.0.1:{port}{PATH}")
    try:
        _wait_for(clients.url, between, told)
        with clients.asking():
            clients.more(200)
            os.kill(nodes.processes[1].pid, signal.SIGKILL)
            nodes.processes[1].wait(PATIENCE)
            clients.more(200)
            nodes.processes[1] = nodes.start(1)
            nodes.wait(1)
            clients.more(200)
    finally:
        between.terminate()
        between.wait(PATIENCE)
    assert clients.wrong == [], told.read_text()[-2000:]


def test_nobody_administers_a_node_without_a_key(nodes):
    assert httpx2.get(f"http://127.0.0.1:{nodes.ports[0]}/admin/api/services").status_code == 401


def _wait_for(url: str, between: subprocess.Popen, log) -> None:
    until = time.monotonic() + PATIENCE
    while True:
        assert between.poll() is None, log.read_text()
        try:
            if httpx2.post(url, json={"x": 1}, timeout=5).status_code == 200:
                return
        except httpx2.HTTPError:
            pass
        assert time.monotonic() < until, log.read_text()
        time.sleep(0.05)
