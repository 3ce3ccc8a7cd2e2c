"""A step of a pipeline tries a package on a real node, and whoever began that is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import closing, suppress

import httpx2
import pytest
from tests.rooms.deployments.conftest import make_yard

import modelyard
from modelyard import errors
from modelyard.deployments.canaries.errands import look_at_canaries
from modelyard.deployments.promoting.errands import promote_due

pytestmark = pytest.mark.slow
PATIENCE = 60
HANGS = "import time\n\ndef hook():\n    time.sleep(600)\n"
CANARY = {"steps": (0.5,), "minutes": 0, "queries": 10, "slower": 0}


@pytest.fixture
def yard(tmp_path, monkeypatch):
    monkeypatch.setenv("MODELYARD_DEPLOYMENTS__LEASE", "2")
    make_yard(tmp_path)
    with closing(modelyard.open(tmp_path / "yard", actor="ada")) as yard:
        yield yard


@pytest.fixture
def url(yard):
    """Where a process of the local node answers with p1."""
    yard.deployments.create(name="live", service="api", package="p1")
    step = {"name": "live", "infrastructure": "local-api", "deployment": "live", "canary": CANARY}
    yard.pipelines.create(name="way", service="api", steps=(step,))
    folder = yard.open().folder / "nodes" / "local"
    serve = ["node", "serve", "--port", "0", "--folder", str(folder)]
    with started(*serve, stdout=subprocess.PIPE, text=True) as node:
        yield node.stdout.readline().split()[-1]
        node.terminate()


def started(*words, **more):
    environ = {**os.environ, "PYTHONUNBUFFERED": "1", "MODELYARD_DEPLOYMENTS__LEASE": "2"}
    return subprocess.Popen([sys.executable, "-m", "modelyard", *words], env=environ, **more)


def until(holds):
    end = time.monotonic() + PATIENCE
    while not (found := holds()):
        assert time.monotonic() < end, "it did not come to hold"
        time.sleep(0.1)
    return found


def newest(yard):
    """The newest promotion, once workers looked."""
    look_at_canaries(yard.open(), lambda: False)
    promote_due(yard.open(), lambda: False, every=0)
    return yard.pipelines.history(name="way")[0]


def ask(url, queries):
    """Ask so many queries, each of which has to be answered."""
    with httpx2.Client(base_url=url) as http:
        for _ in range(queries):
            answer = http.post("/public/api/v1/api/city/lookup", json={"data": {"id": 2}})
            assert answer.json()["results"][0]["data"] == {"city": "Rome"}


def test_a_killed_promotion_is_tried_to_its_end(yard, url):
    hook = {"infrastructure": "local-api", "name": "hangs"}
    yard.hooks.add(**hook, when="pre", code=HANGS, seconds=600)
    words = ["pipelines", "promote", "way", "--release", "p2"]
    with started(*words, "--workspace", str(yard.open().folder)) as killed:
        until(lambda: yard.deployments.show(name="live").updating)
        os.kill(killed.pid, signal.SIGKILL)
    yard.hooks.change(**hook, disabled=True)
    tried = newest(yard)
    assert (tried.state, tried.tried.canary) == ("trying", 1)
    assert yard.deployments.show(name="live").settings.packages == {"p1": 1.0}
    assert yard.canaries.look(name="live").share == 0.5, "whoever looks next goes on"
    ask(url, 60)

    def done():
        with suppress(errors.Conflict):  # none is under way any more
            yard.canaries.look(name="live")
        return newest(yard).state == "done"

    until(done)
    shown = yard.deployments.show(name="live")
    assert (shown.settings.packages, shown.health) == ({"p2": 1.0}, "HEALTHY")
    looks = yard.canaries.show(name="live").looks
    assert looks[-1].queries + looks[-1].old_queries == 60
