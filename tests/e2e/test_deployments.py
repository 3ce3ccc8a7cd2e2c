"""A package on three nodes that are processes: under load, killed, stopped, away and back."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress

import httpx2
import psutil
import pytest
from tests.forks import Fork
from tests.ports import free_port

import modelyard
from modelyard import errors
from modelyard.deployments.deploying.commands import UpdateDeployment
from modelyard.kernel.identity import Identity

pytestmark = pytest.mark.slow
PATIENCE = 60
NAMES = ("a", "b", "c")
CITIES = {"p1": "Paris", "p2": "Rome"}
PATH = "/public/api/v1/people/city/lookup"


class Fleet:
    """Three nodes, and a workspace that administers them."""

    def __init__(self, folder) -> None:
        self.folder = folder
        self.ports = {name: free_port() for name in NAMES}
        self.processes: dict[str, subprocess.Popen] = {}
        self.yard = modelyard.open(folder / "yard", actor="ada")
        for name in NAMES:
            node = modelyard.node(folder / name, actor="ann")
            node.init()
            self.start(name)
            key = node.keys.create(label="yard").secret
            self.yard.nodes.add(name=name, address=self.url(name), key=key)
        self.pack()
        for name in NAMES:
            self.wait(name)
        self.yard.infrastructures.create(name="prod", stage="production", node=NAMES)
        self.yard.deployments.create(
            name="people", service="people", package="p1", infrastructure="prod"
        )

    def pack(self) -> None:
        """Two packages, which know different cities."""
        yard, people = self.yard, self.folder / "people.csv"
        for package, city in CITIES.items():
            people.write_text(f"id,city\n1,{city}\n")
            if package == "p1":
                yard.datasets.create(name="people", path=str(people))
                yard.services.create(name="people")
                looked = {"dataset": "people", "key": {"id": "id"}, "column": {"city": "city"}}
                yard.endpoints.lookup(service="people", endpoint="city", **looked)
                yard.queries.add(service="people", endpoint="city", name="one", value={"id": 1})
            yard.packages.create(service="people", package=package)

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.ports[name]}"

    def start(self, name: str) -> None:
        words = ["--folder", str(self.folder / name), "--port", str(self.ports[name])]
        with (self.folder / f"{name}.log").open("a") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", "modelyard", "node", "serve", *words],
                stdout=log,
                stderr=log,
            )

    def wait(self, name: str) -> None:
        until = time.monotonic() + PATIENCE
        while True:
            try:
                if httpx2.get(f"{self.url(name)}/isAlive", timeout=5).status_code == 200:
                    return
            except httpx2.HTTPError:
                pass
            assert time.monotonic() < until, (self.folder / f"{name}.log").read_text()
            time.sleep(0.05)

    def kill(self, name: str) -> None:
        self.processes[name].kill()
        self.processes[name].wait(PATIENCE)

    def answers(self) -> set[str]:
        """What the nodes answer."""
        return {self.ask(self.url(name)).json()["results"][0]["data"]["city"] for name in NAMES}

    def ask(self, url: str) -> httpx2.Response:
        return httpx2.post(url + PATH, json={"data": {"id": 1}}, timeout=PATIENCE)

    def in_order(self) -> None:
        """p1 answers everywhere, whatever a test left."""
        assert self.yard.deployments.update(name="people", package="p1").health == "HEALTHY"
        assert self.answers() == {CITIES["p1"]}

    @contextmanager
    def under_load(self):
        """Clients that ask each node all the time; gives what came of it."""
        told, stopping = {"answered": 0, "wrong": []}, threading.Event()

        def ask(name: str) -> None:
            with httpx2.Client(base_url=self.url(name), timeout=PATIENCE) as http:
                while not stopping.is_set():
                    try:
                        answer = http.post(PATH, json={"data": {"id": 1}})
                        if answer.status_code != 200:
                            told["wrong"].append(answer.text[:200])
                    except httpx2.HTTPError as exc:
                        told["wrong"].append(repr(exc))
                    told["answered"] += 1
                    time.sleep(0.005)  # this process updates the nodes, too

        threads = [threading.Thread(target=ask, args=(name,)) for name in NAMES]
        for thread in threads:
            thread.start()
        try:
            yield told
        finally:
            stopping.set()
            for thread in threads:
                thread.join(PATIENCE)

    def end(self) -> None:
        self.yard.close()
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            process.wait(PATIENCE)


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MODELYARD_DEPLOYMENTS__LEASE", "2")
        fleet = Fleet(tmp_path_factory.mktemp("fleet"))
        yield fleet
        fleet.end()


def test_no_query_fails_while_it_is_updated_and_rolled_back(fleet):
    with fleet.under_load() as told:
        updated = fleet.yard.deployments.update(name="people", package="p2")
        assert fleet.answers() == {CITIES["p2"]}
        back = fleet.yard.deployments.rollback(name="people")
    assert (updated.health, back.health) == ("HEALTHY", "HEALTHY")
    assert told["wrong"] == []
    assert told["answered"] > 20
    assert fleet.answers() == {CITIES["p1"]}


def test_a_node_that_is_killed_in_the_middle_takes_the_others_back(fleet):
    def kill_b(message, *, fraction=None, rows=None):
        if message == "b: map people":
            fleet.kill("b")

    with pytest.raises(errors.Failed, match=r"not changed: b: .*; a went back"):
        fleet.yard.telling(kill_b).deployments.update(name="people", package="p2")
    after = fleet.yard.deployments.check(name="people")
    assert (after.health, after.messages[0].place) == ("UNHEALTHY", "b")
    passed = fleet.yard.deployments.update(name="people", package="p2", pass_over=True)
    assert passed.health == "UNHEALTHY"
    fleet.start("b")
    fleet.wait("b")
    back = fleet.yard.deployments.check(name="people")
    assert (back.health, back.messages[0].code) == ("OUT_OF_SYNC", "OTHER_GENERATIONS")
    assert fleet.yard.deployments.update(name="people").health == "HEALTHY"
    assert fleet.answers() == {CITIES["p2"]}
    fleet.in_order()


def test_a_job_that_is_killed_is_taken_over(fleet):
    """It waits for a node that does not answer, is killed, and ends as if it had not been."""
    words = ["worker", "--workspace", str(fleet.folder / "yard")]
    worker = subprocess.Popen([sys.executable, "-m", "modelyard", *words])
    try:
        os.kill(fleet.processes["c"].pid, signal.SIGSTOP)
        job = fleet.yard.submit(UpdateDeployment(name="people", package="p2"))
        _wait_until(lambda: fleet.yard.deployments.show(name="people").updating)
        eve = fleet.yard.acting(Identity("eve"))
        with pytest.raises(errors.Conflict, match="ada is changing people since"):
            eve.submit(UpdateDeployment(name="people", package="p1"))
        for child in psutil.Process(worker.pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess):  # its leash, which goes with it
                if job.id in child.cmdline():
                    child.kill()
        os.kill(fleet.processes["c"].pid, signal.SIGCONT)
        assert fleet.yard.follow(job).health == "HEALTHY"
    finally:
        os.kill(fleet.processes["c"].pid, signal.SIGCONT)
        worker.terminate()
        worker.wait(PATIENCE)
    assert fleet.answers() == {CITIES["p2"]}
    states = [each.state for each in fleet.yard.deployments.history(name="people")[:2]]
    assert states == ["succeeded", "broken_off"]
    fleet.in_order()


HOOK = """
import os, pathlib, time
def hook(update):
    mark = pathlib.Path({mark!r})
    if mark.exists():
        return "success", "it was called again"
    mark.with_suffix(".part").write_text(str(os.getpid()))
    mark.with_suffix(".part").rename(mark)
    time.sleep(600)
"""


def test_whoever_is_killed_in_a_hook_takes_it_along(fleet, tmp_path):
    """The code of a hook ends with the process that called it; the same command calls it again."""
    mark = tmp_path / "mark"
    hook = {"infrastructure": "prod", "name": "waits"}
    fleet.yard.hooks.add(**hook, when="post", code=HOOK.format(mark=str(mark)))
    words = ["deployments", "update", "people", "--package", "p2"]
    updating = Fork([*words, "--workspace", fleet.folder / "yard"])
    try:
        _wait_until(mark.exists)
        updating.kill()
        updating.wait(PATIENCE)
        _wait_until(lambda: not psutil.pid_exists(int(mark.read_text())))
        assert fleet.answers() == {CITIES["p2"]}
        after = fleet.yard.deployments.update(name="people", package="p2")
    finally:
        fleet.yard.hooks.delete(**hook)
    assert after.health == "HEALTHY"
    last, before = fleet.yard.deployments.history(name="people")[:2]
    assert [last.state, before.state] == ["succeeded", "broken_off"]
    assert [each.details for each in last.messages] == ["it was called again"]
    fleet.in_order()


def _wait_until(happened) -> None:
    until = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < until
        time.sleep(0.05)
