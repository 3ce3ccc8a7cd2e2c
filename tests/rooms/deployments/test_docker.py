"""Services in containers: brought to their nodes, killed, made anew, refused."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest
from tests.ports import free_port
from tests.rooms.deployments.clusters import FakeMachines

from modelyard import errors
from modelyard.deployments.drivers.docker import container
from modelyard.deployments.drivers.docker.container import Container
from modelyard.deployments.drivers.docker.node import ContainerNode
from modelyard.deployments.drivers.docker.options import DockerOptions
from modelyard.deployments.drivers.inside import node_words
from modelyard.deployments.drivers.options import read_options
from modelyard.serving.administration.commands import ListServices, SetMapping, TryQuery
from modelyard.store.tables import deployments

LOOKUP = "/public/api/v1/api/city/lookup"


@pytest.fixture
def machines(tmp_path, monkeypatch):
    found = FakeMachines(tmp_path, monkeypatch, "default", "west")
    yield found
    found.end()


@pytest.fixture
def port():
    return free_port()


@pytest.fixture
def there(shared, machines, port):
    """The name of an infrastructure of containers; what is deployed there goes."""
    name = f"d-{uuid4().hex[:12]}"
    option = {"port": port, "env": {"TEAM": "risk"}}
    shared.infrastructures.create(name=name, stage="test", driver="docker", option=option)
    yield name
    with shared.open().begin() as db:
        db.execute(deployments.delete().where(deployments.c.infrastructure == name))


def create(made, name):
    command = ["deployments", "create", name, "--service", "api", "--package", "p1"]
    command += ["--infrastructure", name, "--workspace", str(made / "yard")]
    return subprocess.run(
        [sys.executable, "-m", "modelyard", *command],
        check=False,
        env={**os.environ, "MODELYARD_DEPLOYMENTS__LEASE": "2"},
    )


@pytest.mark.slow
def test_a_node_in_a_container_is_made_killed_and_made_anew(shared, made, there, machines, port):
    machines.trouble(run="die")
    assert create(made, there).returncode == -signal.SIGKILL
    assert create(made, there).returncode == 0
    found = shared.deployments.show(name=there)
    assert (found.health, found.places[0].place) == ("HEALTHY", f"default.{there}")
    asked = httpx2.post(f"http://127.0.0.1:{port}{LOOKUP}", json={"data": {"id": 2}}).json()
    assert asked["results"] == [{"data": {"city": "Rome"}}]
    os.kill(machines.pid(), signal.SIGKILL)
    gone = shared.deployments.check(name=there)
    assert (gone.health, [each.code for each in gone.messages]) == (
        "OUT_OF_SYNC",
        ["PACKAGE_MISSING", "DISABLED_THERE"],
    )
    shared.infrastructures.update(name=there, option={"memory": "2g"})
    changed = shared.deployments.update(name=there, package="p2")
    assert (changed.health, changed.places[0].answers) == ("HEALTHY", "p2")
    shared.deployments.disable(name=there)
    shared.deployments.delete(name=there)
    assert machines.containers() == []
    assert not any((machines.folder / "default" / "volumes").iterdir())


TROUBLES = [
    ({"container": "fail"}, "docker container inspect: Cannot connect to the Docker daemon"),
    ({"container": "garbage"}, "what docker answers cannot be read: 'Segmentation fault'"),
    ({"container": "hang"}, "docker did not end within 3 seconds"),
    ({"build": "fail"}, "docker build: Cannot connect to the Docker daemon"),
    ({"run": "fail"}, "docker run: Cannot connect to the Docker daemon"),
]


def test_a_docker_that_does_not_work_is_told(shared, there, machines, monkeypatch):
    wanted = {"name": there, "service": "api", "package": "p1", "infrastructure": there}
    found = []
    for trouble, _ in TROUBLES:
        machines.trouble(**trouble)
        monkeypatch.setattr(container, "ASKING", 3.0 if "hang" in trouble.values() else 60.0)
        with pytest.raises(errors.Failed) as refused:
            shared.deployments.create(**wanted)
        found.append(refused.value.detail)
    assert [said in detail for detail, (_, said) in zip(found, TROUBLES, strict=True)] == [True] * 5
    assert machines.containers() == []
    (machines.programs / "docker").unlink()
    monkeypatch.setenv("PATH", str(machines.programs))
    with pytest.raises(errors.Failed, match="there is no docker on PATH"):
        shared.deployments.create(**wanted)


def test_a_machine_that_is_not_there_stops_an_update(shared, there, machines):
    shared.infrastructures.update(name=there, option={"contexts": "default,gone"})
    wanted = {"name": there, "service": "api", "package": "p1", "infrastructure": there}
    with pytest.raises(errors.Failed, match=r"gone\.d-.* cannot be reached: .*context not found"):
        shared.deployments.create(**wanted)
    assert "run" not in machines.asked()


def test_what_is_not_ours_stays(shared, there, machines):
    theirs = machines.folder / "default" / f"modelyard-{there}.json"
    theirs.write_text(json.dumps({"labels": {}, "pid": 0}))
    wanted = {"name": there, "service": "api", "package": "p1", "infrastructure": there}
    with pytest.raises(errors.Failed, match="which Modelyard did not make"):
        shared.deployments.create(**wanted)
    assert theirs.exists()


def test_files_are_written_without_docker(shared, there, machines, tmp_path):
    machines.trouble(container="fail")
    wanted = {"name": there, "service": "api", "package": "p1", "infrastructure": there}
    with pytest.raises(errors.Failed):
        shared.deployments.create(**wanted)
    made = shared.deployments.render(
        name=there, share={"p1": 0.5, "p2": 0.5}, output=str(tmp_path / "f")
    )
    assert made.files == ("Dockerfile", "packages/p1.zip", "packages/p2.zip")
    assert [command.split()[2] for command in made.next] == [
        *("build", "run", "cp", "exec", "cp", "exec", "exec")
    ]
    hadolint = Path(sys.executable).with_name("hadolint")
    told = subprocess.run(
        [hadolint, tmp_path / "f" / "Dockerfile"], capture_output=True, text=True, check=False
    )
    assert (told.returncode, told.stdout) == (0, "")


def test_commands_of_a_node_are_words():
    mapped = SetMapping(service="api", entries={"p1": 0.5, "p2": 0.5}, shadows=("p3", "p4"))
    assert node_words(mapped) == [
        *("node", "map", "--shadows=p3,p4", "--folder=/home/modelyard/node", "--json", "--"),
        *("api", "p1:=0.5", "p2:=0.5"),
    ]
    asked = TryQuery(service="api", endpoint="city", query={"id": 'a "b"', "n": [1, None]})
    assert node_words(asked)[-4:] == ["api", "city", 'id:="a \\"b\\""', "n:=[1, null]"]


def test_a_node_that_answers_something_else_is_told(machines):
    found = Container("modelyard-x", "default", DockerOptions())
    with pytest.raises(errors.Unavailable, match="the node in modelyard-x does not answer"):
        ContainerNode(found).run(ListServices())
    machines.trouble(exec="garbage")
    with pytest.raises(errors.Failed, match="cannot be read: 'Segmentation fault'"):
        ContainerNode(found).run(ListServices())


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"contexts": "a b"}, "option contexts"),
        ({"contexts": []}, "option contexts"),
        ({"contexts": "--privileged"}, "option contexts"),
        ({"address": "somewhere"}, "option address"),
        ({"port": 0}, "option port"),
        ({"memory": "2 GB"}, "option memory"),
        ({"network": "--privileged"}, "option network"),
        ({"env": "A"}, "option env"),
        ({"base_image": "a b"}, "option base_image"),
    ],
)
def test_options_that_docker_does_not_take(given, said):
    with pytest.raises(errors.Invalid, match=said):
        read_options("docker", DockerOptions, given)


def test_projects_do_not_run_in_containers(shared):
    for driver in ("docker", "kubernetes"):
        with pytest.raises(errors.Invalid, match="go to automation nodes"):
            shared.infrastructures.create(
                name="no",
                stage="test",
                driver=driver,
                kind="project",
                option={"repository": "a"} if driver == "kubernetes" else {},
            )
