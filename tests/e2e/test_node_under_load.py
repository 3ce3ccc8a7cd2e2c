"""What may befall a node while it is asked: its clients notice nothing of it that they need not."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
import zipfile
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest
from tests.clients import Clients
from tests.ports import free_port

import modelyard
from modelyard import errors
from modelyard.archives.signing import signing_key
from modelyard.runtime.types import CodeEnv, EnvRequest
from modelyard.serving.packages.types import (
    FunctionEndpoint,
    PackageContent,
    PoolSettings,
    TestQuery,
)
from modelyard.serving.packages.writing import write_package

pytestmark = pytest.mark.slow
DAY = datetime(2026, 3, 1, tzinfo=UTC)
ENV = CodeEnv(id="local", python="3.11", packages=(), asked=EnvRequest(source="local"), created=DAY)
CODE = b"""
import os, time
HOARD = []

def double(x, do=""):
    if do == "die":
        os._exit(3)
    if do == "hang":
        time.sleep(600)
    if do == "hoard":
        HOARD.append(bytearray(2 << 30))
    return 2 * x
"""
PATH = "/public/api/v1/numbers/double/run"
SETTINGS = """
[packages]
trusted_keys = ["ours.pub.pem"]
signed_only = true
inbox_seconds = 0.2
[models]
memory_limit_mb = 1024
"""
PATIENCE = 60
CONNECTIONS = 10_000
DISK_MB = 64


def key(folder: Path, name: str):
    """A new key to sign with; its public half lies beside."""
    secret = folder / f"{name}.pem"
    for words in (
        ["genpkey", "-algorithm", "ed25519", "-out", str(secret)],
        ["pkey", "-in", str(secret), "-pubout", "-out", str(folder / f"{name}.pub.pem")],
    ):
        subprocess.run(["openssl", *words], check=True, capture_output=True)
    return signing_key(secret)


def package(folder: Path, name: str, by) -> Path:
    """A package, signed."""
    endpoint = FunctionEndpoint(
        name="double",
        file="functions/double.py",
        function="double",
        env="local",
        pool=PoolSettings(floor=2, cruise=2, ceil=2, timeout=4000),
        test_queries=(TestQuery(name="two", query={"x": 1}, expected={"response": 2}),),
    )
    told = PackageContent(
        service="numbers",
        package=name,
        created=DAY,
        created_by="ann",
        made_with=modelyard.__version__,
        envs=(ENV,),
        endpoints=(endpoint,),
    )
    write_package(folder / f"{name}.zip", told, {"functions/double.py": CODE}, key=by)
    return folder / f"{name}.zip"


class Node:
    """A node whose folder is on a small disk, where one can be mounted."""

    def __init__(self, files: Path, disk: Path) -> None:
        self.files, self.port = files, free_port()
        self.ours, self.strange = key(files, "ours"), key(files, "strange")
        self.node = modelyard.node(disk / "node")
        self.node.init()
        shutil.copy(files / "ours.pub.pem", self.node.folder)
        (self.node.folder / "node.toml").write_text(SETTINGS)
        self.node.import_(file=str(package(files, "p1", self.ours)))
        self.node.activate(service="numbers", generation="p1")
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{PATH}"

    def start(self) -> None:
        """Start its process, and wait until it answers."""
        words = ["--folder", str(self.node.folder), "--port", str(self.port)]
        command = [sys.executable, "-m", "modelyard", "node", "serve", *words]
        with (self.files / "node.log").open("a") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        self.wait_for(lambda: httpx2.post(self.url, json={"x": 1}, timeout=5).status_code == 200)

    def wait_for(self, true) -> None:
        until = time.monotonic() + PATIENCE
        while True:
            try:
                if true():
                    return
            except httpx2.HTTPError:
                pass
            assert time.monotonic() < until, (self.files / "node.log").read_text()[-2000:]
            time.sleep(0.05)

    def logged(self) -> set[str]:
        """The requests in its query log."""
        files = (self.node.folder / "logs" / "queries").rglob("*.jsonl")
        lines = [line for file in files for line in file.read_text().splitlines()]
        return {json.loads(line)["request_id"] for line in lines}


def fill(ballast: Path) -> None:
    """Write a file until the disk is full."""
    with suppress(OSError), ballast.open("wb", buffering=0) as file:
        while file.write(bytes(1 << 16)):
            pass


@pytest.fixture(scope="module")
def disk(tmp_path_factory):
    """A folder on a disk of its own; None where none can be mounted."""
    folder = tmp_path_factory.mktemp("disk")
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "none", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        yield None
        return
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture(scope="module")
def node(tmp_path_factory, disk):
    files = tmp_path_factory.mktemp("node")
    node = Node(files, disk or files)
    yield node
    node.process.terminate()
    node.process.wait(PATIENCE)


def test_packages_that_are_damaged_or_of_a_stranger_are_refused(node):
    damaged, strange = (
        package(node.files, name, by) for name, by in (("p2", node.ours), ("p3", node.strange))
    )
    with zipfile.ZipFile(damaged) as archive:
        start = archive.getinfo("functions/double.py").header_offset
    content = bytearray(damaged.read_bytes())
    content[start + 100] ^= 1  # behind its header
    damaged.write_bytes(content)
    clients = Clients(node.url)
    inbox = node.node.folder / "inbox"
    with clients.asking():
        clients.more(20)
        with pytest.raises(errors.Invalid, match="it is damaged"):
            node.node.import_(file=str(damaged))
        with pytest.raises(errors.Blocked, match="not trusted"):
            node.node.import_(file=str(strange))
        for file in (damaged, strange):
            os.utime(file, (0, 0))  # it is not being copied any more
            shutil.copy2(file, inbox / file.name)
        told = [inbox / "refused" / f"{file.name}.txt" for file in (damaged, strange)]
        node.wait_for(lambda: all(file.exists() for file in told))
        clients.more(20)
    assert clients.wrong == []
    assert [each.generation for each in node.node.generations(service="numbers")] == ["p1"]


@pytest.mark.parametrize(
    ("do", "status"), [("die", 503), ("hoard", 503), ("hang", 504)], ids=["die", "hoard", "hang"]
)
def test_a_worker_that_is_lost_costs_nobody_else_a_query(node, do, status):
    clients = Clients(node.url, count=3)
    with clients.asking():
        clients.more(20)
        fatal = httpx2.post(node.url, json={"x": 1, "do": do}, timeout=PATIENCE)
        clients.more(20)
    assert fatal.status_code == status, fatal.text
    assert clients.wrong == []


def test_a_full_disk_costs_lines_of_the_log_but_no_query(node, disk):
    if disk is None:
        pytest.skip("mounting a small disk takes root and the right to mount")
    clients, ballast = Clients(node.url), disk / "ballast"
    with clients.asking():
        clients.more(20)
        fill(ballast)
        said = node.files / "node.log"
        node.wait_for(lambda: "the query log loses queries" in said.read_text())
        clients.more(20)
        ballast.unlink()
        node.wait_for(lambda: "the query log loses nothing any more" in said.read_text())
        before = set(clients.answered)
        clients.more(20)
    assert clients.wrong == []
    node.wait_for(lambda: set(clients.answered) - before <= node.logged())


def test_ten_thousand_connections_are_kept_open(node):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < CONNECTIONS + 1000:
        pytest.skip(f"a process may have only {hard:,} open files here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    held = list[socket.socket]()
    try:
        for _ in range(CONNECTIONS):
            held.append(socket.create_connection(("127.0.0.1", node.port), PATIENCE))
        for each in held:
            each.sendall(b"GET /isAlive/ HTTP/1.1\r\nhost: node\r\n\r\n")
        assert {each.recv(1 << 16)[:12] for each in held} == {b"HTTP/1.1 200"}
        assert httpx2.post(node.url, json={"x": 4}, timeout=PATIENCE).json()["response"] == 8
    finally:
        for each in held:
            each.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_node_that_is_killed_loses_no_query_of_clients_that_ask_again(node):
    clients = Clients(node.url, again=True)
    with clients.asking():
        clients.more(50)
        old = set(clients.answered)
        node.wait_for(lambda: old <= node.logged())  # while it goes on, not when it stops
        node.process.send_signal(signal.SIGKILL)
        node.process.wait(PATIENCE)
        assert old <= node.logged()
        before = set(clients.answered)
        node.start()
        clients.more(50)
    assert clients.wrong == []
    node.wait_for(lambda: set(clients.answered) - before <= node.logged())
