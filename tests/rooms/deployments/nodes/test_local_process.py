"""The workspace's own API node: its processes run beside a server while something is active."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time

import httpx2
import psutil
import pytest
from tests.rooms.deployments.nodes.conftest import towns
from tests.running_server import RunningServer

from modelyard.deployments.nodes.keeping import keeping
from modelyard.deployments.nodes.links import api_node, local_folder
from modelyard.deployments.nodes.local_process import LocalProcess
from modelyard.kernel.node_settings import NodeLinkSettings
from modelyard.serving.administration import commands

pytestmark = pytest.mark.slow
PATIENCE = 120


@pytest.fixture
def node(yard, tmp_path):
    """The local node, with a service that is active."""
    node = api_node(yard.open(), "local")
    node.upload(towns(tmp_path, "p1"))
    node.run(commands.Activate(service="towns", generation="p1"))
    return node


def until(holds):
    """What is found once there is something."""
    end = time.monotonic() + PATIENCE
    while not (found := holds()):
        assert time.monotonic() < end, "it did not come to hold"
        time.sleep(0.1)
    return found


def pids(yard):
    """The processes that answer, once it is known where."""
    found = yard.nodes.check(name="local")
    return found.address and {each.pid for each in yard.nodes.processes(node="local")}


def service_of(yard, tmp_path):
    """Deployments, where the service `api` has a package p1."""
    people = tmp_path / "people.csv"
    people.write_text("id,city\n1,Paris\n2,Rome\n")
    yard.datasets.create(name="people", path=str(people))
    yard.services.create(name="api")
    looked = {"dataset": "people", "key": {"id": "id"}, "column": {"city": "city"}}
    yard.endpoints.lookup(service="api", endpoint="city", **looked)
    yard.queries.add(service="api", endpoint="city", name="two", value={"id": 2})
    yard.packages.create(service="api", package="p1")
    return yard.deployments


def first_deployment(yard, tmp_path):
    """A process is started for it, and it ends when that answers."""
    made = service_of(yard, tmp_path).create(name="first", service="api", package="p1")
    assert (made.health, made.messages) == ("HEALTHY", ())
    assert made.places[0].observed.processes >= 1, "the second one may still start"
    yard.deployments.disable(name="first")


def require_answer(yard):
    url = f"{yard.nodes.check(name='local').address}/public/api/v1/towns/city/lookup"
    asked = httpx2.post(url, json={"data": {"id": 2}}, timeout=PATIENCE)
    assert asked.json()["results"][0]["data"] == {"city": "Rome"}


def test_it_runs_while_something_is_active_and_comes_back_when_it_dies(yard, node, tmp_path):
    folder = local_folder(tmp_path / "yard")
    (folder / "node.toml").write_text("[listen]\nprocesses = 2\n")
    keeper = LocalProcess(folder, NodeLinkSettings(local_port=0))
    working = threading.Thread(target=keeper.run)
    working.start()
    try:
        first = until(lambda: pids(yard))
        node.ready("towns", "city")
        require_answer(yard)
        os.kill(keeper._child.pid, signal.SIGKILL)
        second = until(lambda: (found := pids(yard)) and not found & first and found)
        require_answer(yard)
        node.run(commands.DisableService(service="towns"))
        until(lambda: not any(map(psutil.pid_exists, second)))
        assert until(lambda: keeper._child is None)
        assert yard.nodes.check(name="local").address == ""
        first_deployment(yard, tmp_path)
    finally:
        keeper.stop()
        working.join(PATIENCE)


def test_a_server_runs_it_and_takes_it_along_however_it_ends(yard, node, tmp_path):
    environ = {"MODELYARD_NODES__LOCAL_PORT": "0"}
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = NodeLinkSettings(local_port=other.getsockname()[1])
        keeper = LocalProcess(local_folder(tmp_path / "yard"), taken)
        keeper._start()
        until(lambda: keeper._child.poll() is not None and keeper._said)
        with keeping(keeper._path):
            keeper._look()
            assert "cannot listen at" in yard.nodes.check(name="local").problem
            made = service_of(yard, tmp_path).create(name="stuck", service="api", package="p1")
        (said,) = made.messages
        assert (made.health, said.code) == ("WARNING", "NOTHING_RUNS")
        assert "cannot listen at" in said.details
        yard.deployments.disable(name="stuck")
    with RunningServer(tmp_path / "yard", "--workers", "0", **environ) as server:
        found = until(lambda: pids(yard))
        require_answer(yard)
        assert yard.nodes.check(name="local").problem == ""
        server.kill()
        until(lambda: not any(map(psutil.pid_exists, found)))
