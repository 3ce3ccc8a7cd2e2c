"""`modelyard node serve` in processes of its own: they share a port, drain, stop, are replaced."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import httpx2
import psutil
import pytest
from tests.rooms.serving.node.nodes import DAY
from tests.rooms.serving.packages.packing import PEOPLE, parquet

import modelyard
from modelyard.serving.packages.types import (
    Enrichment,
    LookupEndpoint,
    PackageContent,
    PackagedTable,
)
from modelyard.serving.packages.writing import write_package

pytestmark = pytest.mark.slow
PATIENCE = 60
SERVE = [sys.executable, "-m", "modelyard", "node", "serve"]
ASK = {"data": {"id": 2}}
FOUND = [{"data": {"city": "Rome"}}]
PATH = "/public/api/v1/towns/city/lookup"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A node with a lookup, which needs no worker."""
    top = tmp_path_factory.mktemp("node")
    told = PackageContent(
        service="towns",
        package="p1",
        created=DAY,
        created_by="ann",
        made_with="0.1.0",
        tables=(
            PackagedTable(
                name="people",
                source="people",
                file="tables/people.parquet",
                columns={"id": "int64", "city": "string"},
                rows=2,
            ),
        ),
        endpoints=(
            LookupEndpoint(
                name="city",
                lookups=(
                    Enrichment(
                        name="p", table="people", keys={"id": "id"}, columns={"city": "city"}
                    ),
                ),
            ),
        ),
    )
    write_package(top / "p1.zip", told, {"tables/people.parquet": parquet(PEOPLE)})
    node = modelyard.node(top / "node")
    node.init()
    node.import_(file=str(top / "p1.zip"))
    node.activate(service="towns", generation="p1")
    return node.folder


class Serving:
    """The processes, from their first answer to their end."""

    def __init__(self, folder, *words, **environ):
        self.process = subprocess.Popen(
            [*SERVE, "--port", "0", "--folder", str(folder), *words],
            env={**os.environ, "PYTHONUNBUFFERED": "1", **environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        said = self.process.stdout.readline()
        assert "http://" in said, self.process.stderr.read()
        self.url = said.split()[-1]

    def ask(self, **options):
        return httpx2.post(f"{self.url}{PATH}", json=ASK, timeout=PATIENCE, **options)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


def test_a_node_that_is_told_to_stop_drains_first_and_loses_nothing(folder):
    environ = {"MODELYARD_NODE__HTTP__DRAIN_SECONDS": "1"}
    with Serving(folder, **environ) as node:
        heard, failures = [], []

        def keep_asking():
            with httpx2.Client(base_url=node.url, timeout=PATIENCE) as http:
                while not heard or heard[-1][1] != "close":
                    try:
                        answer = http.post(PATH, json=ASK)
                    except httpx2.HTTPError as exc:
                        failures.append(exc)
                        return
                    heard.append((answer.json()["results"], answer.headers.get("connection")))

        askers = [threading.Thread(target=keep_asking) for _ in range(4)]
        for asker in askers:
            asker.start()
        while not heard:
            time.sleep(0.01)
        node.process.send_signal(signal.SIGTERM)
        for asker in askers:
            asker.join(PATIENCE)
        assert httpx2.get(f"{node.url}/isAlive/").status_code == 503  # while it still answers
        assert node.ask().status_code == 200
        assert node.process.wait(PATIENCE) == 0
        assert failures == []
        assert all(results == FOUND for results, _ in heard)


def test_processes_share_a_port_and_one_that_dies_is_replaced(folder):
    with Serving(folder, "--processes", "2") as node:
        assert {node.ask().json()["results"][0]["data"]["city"] for _ in range(8)} == {"Rome"}
        top = psutil.Process(node.process.pid)
        members = [each.pid for each in modelyard.node(folder).processes()]
        assert len(members) == 2
        os.kill(members[0], signal.SIGKILL)
        until = time.monotonic() + PATIENCE
        while len({each.pid for each in modelyard.node(folder).processes()} - {members[0]}) < 2:
            assert time.monotonic() < until
            time.sleep(0.05)
        assert {node.ask().status_code for _ in range(8)} == {200}
        children = top.children(recursive=True)
        node.process.kill()  # whoever started them is gone: they end, too
        _, alive = psutil.wait_procs(children, PATIENCE)
        assert alive == []
    assert modelyard.node(folder).processes() == []


def test_a_port_that_is_taken_is_told(folder):
    with Serving(folder) as node:
        port = node.url.rpartition(":")[2]
        for more in ([], ["--processes", "2"]):
            words = [*SERVE, "--port", port, "--folder", str(folder), *more]
            told = subprocess.run(words, check=False, capture_output=True, text=True)
            assert told.returncode != 0
            assert f"cannot listen at 127.0.0.1 port {port}" in told.stderr
