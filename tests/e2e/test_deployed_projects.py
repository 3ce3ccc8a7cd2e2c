"""A bundle on two automation nodes that are servers, one of which is killed and comes back."""

from __future__ import annotations

import signal
import threading
from contextlib import closing

import pytest
from tests.bundled import PROJECT, made_bundles
from tests.running_server import RunningServer

import modelyard
from modelyard import errors

pytestmark = pytest.mark.slow
DEPLOYED = {"name": "churn-prod", **PROJECT}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The folder with the bundles."""
    return made_bundles(tmp_path_factory)


def started(folder, *words):
    """A node that takes keys, with one."""
    with closing(modelyard.open(folder)) as yard:
        if not any(user.name == "deployer" for user in yard.users.list()):
            yard.users.create(name="deployer", admin=True)
        key = yard.keys.create(name="yard", user="deployer").secret
    return RunningServer(folder, "--role", "automation", *words, no_auth=False), key


def active(folder):
    with closing(modelyard.open(folder)) as yard:
        return yard.bundles.activations(**PROJECT)[0].bundle


def test_a_bundle_is_deployed_over_http(made, copied, tmp_path, monkeypatch):
    monkeypatch.setenv("MODELYARD_ENVS__DEFAULT", "local")
    folders = [copied(made / "node", tmp_path / name) for name in ("east", "west")]
    with closing(modelyard.open(copied(made / "design", tmp_path / "design"))) as yard:
        servers = []
        try:
            for folder in folders:
                server, key = started(folder)
                servers.append(server)
                yard.nodes.add(name=folder.name, kind="automation", address=server.url, key=key)
            yard.infrastructures.create(
                name="prod", kind="project", stage="production", node=("east", "west")
            )
            made_there = yard.deployments.create(
                **DEPLOYED, infrastructure="prod", bundle="b1", connection={"in": "prod"}
            )
            assert made_there.health == "HEALTHY"
            assert [active(folder) for folder in folders] == ["b1", "b1"]
            west_dies_while_it_works(yard, servers[1])
            assert active(folders[0]) == "b1"
            down = yard.deployments.check(**DEPLOYED)
            assert (down.health, down.messages[0].place) == ("UNHEALTHY", "west")
            servers[1].__exit__(None, None, None)
            servers[1], _ = started(folders[1], "--port", str(servers[1].port))
            assert yard.deployments.update(**DEPLOYED, bundle="b2").health == "HEALTHY"
            assert [active(folder) for folder in folders] == ["b2", "b2"]
            others_act_there(yard, folders)
        finally:
            for server in servers:
                server.__exit__(None, None, None)


def others_act_there(yard, folders):
    """The key of an admin acts for users there, as long as they are let in."""
    for folder in folders:
        with closing(modelyard.open(folder)) as node:
            for user in ("operator", "runner"):
                node.users.create(name=user)
            node.members.add(name="operator", role="admin", **PROJECT)
    yard.infrastructures.identities(name="prod", deploy_as="operator", run_as="runner")
    assert yard.deployments.update(**DEPLOYED, bundle="b1").health == "HEALTHY"
    for folder in folders:
        with closing(modelyard.open(folder)) as node:
            assert node.bundles.activations(**PROJECT)[0].activated_by == "operator"
            assert node.scenarios.show(name="nightly", **PROJECT).owner == "runner"
            (entry,) = node.audit.list(action="bundles.activate", actor="operator", limit=1)
            assert entry.key, "the log tells whose key it was"
    with closing(modelyard.open(folders[1])) as node:
        node.users.update(name="operator", active=False)
    with pytest.raises(errors.Failed, match="west: not active is the user 'operator' here"):
        yard.deployments.update(**DEPLOYED, bundle="b2")
    assert [active(folder) for folder in folders] == ["b1", "b1"]


def west_dies_while_it_works(yard, west):
    """It is stopped when it is its turn, then killed: east goes back to b1."""

    def hear(message, *, fraction=None, rows=None):
        if message == "west: activate b2":
            west.process.send_signal(signal.SIGSTOP)
            threading.Timer(0.5, west.process.kill).start()

    with pytest.raises(errors.Failed, match=r"west: .*east went back"):
        yard.telling(hear).deployments.update(**DEPLOYED, bundle="b2")
