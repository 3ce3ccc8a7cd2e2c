"""Services in a cluster: brought there, kept, changed by others, failing, going back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from uuid import uuid4

import pytest
import yaml
from tests.ports import free_port
from tests.rooms.deployments.clusters import FakeCluster

from modelyard import errors
from modelyard.deployments.drivers.kubernetes import kubectl
from modelyard.store.tables import deployments

OPTIONS = {"context": "prod", "repository": "registry.example.org/team", "ask": False}
ALWAYS = {"Deployment", "Service", "PodDisruptionBudget"}


@pytest.fixture
def cluster(tmp_path, monkeypatch):
    return FakeCluster(tmp_path, monkeypatch)


@pytest.fixture
def prod(shared, cluster):
    """The name of an infrastructure in a namespace of its own; what is deployed there goes."""
    name = f"k-{uuid4().hex[:12]}"
    option = {**OPTIONS, "namespace": name}
    shared.infrastructures.create(name=name, stage="test", driver="kubernetes", option=option)
    yield name
    with shared.open().begin() as db:
        db.execute(deployments.delete().where(deployments.c.infrastructure == name))


@pytest.fixture
def deployed(shared, prod):
    """The name of a deployment of p1, and of its infrastructure."""
    shared.deployments.create(name=prod, service="api", package="p1", infrastructure=prod)
    return prod


def changed(shared, name, **option):
    shared.infrastructures.update(name=name, option=option)
    return shared.deployments.check(name=name)


def codes(deployment):
    return [message.code for message in deployment.messages]


def test_it_is_created_changed_turned_off_and_deleted(shared, deployed, cluster):
    first = shared.deployments.show(name=deployed)
    assert (first.health, first.places[0].answers) == ("HEALTHY", "p1")
    assert first.places[0].place == f"prod.{deployed}"
    assert cluster.kinds() == ALWAYS
    assert cluster.live("Deployment")["spec"]["replicas"] == 2
    assert cluster.live("Deployment")["metadata"]["namespace"] == deployed
    share = {"p1": 0.5, "p2": 0.5}
    second = shared.deployments.update(name=deployed, share=share, shadow=("p3",), access="keys")
    assert (second.health, second.places[0].answers) == (
        "HEALTHY",
        "p1 50%, p2 50%, p3 as a shadow",
    )
    assert cluster.images() == 2
    off = shared.deployments.disable(name=deployed)
    assert (off.health, codes(off)) == ("HEALTHY", ["DISABLED"])
    assert cluster.live("Deployment")["spec"]["replicas"] == 0
    assert shared.deployments.update(name=deployed, package="p1", access="package").messages
    assert cluster.images() == 2  # the first one is there already
    assert shared.deployments.enable(name=deployed).places[0].answers == "p1"
    assert cluster.live("Deployment")["spec"]["replicas"] == 2
    back = shared.deployments.rollback(name=deployed)
    assert back.places[0].answers == "p1 50%, p2 50%, p3 as a shadow"
    shared.deployments.disable(name=deployed)
    assert shared.deployments.delete(name=deployed).removed == (f"prod.{deployed}",)
    assert cluster.kinds() == set()


@pytest.mark.slow
def test_its_image_is_built_by_its_commands_and_a_pod_is_asked(shared, prod, cluster, monkeypatch):
    monkeypatch.setenv("RUNS", "yes")
    cluster.trouble(port=str(free_port()))
    shared.infrastructures.update(name=prod, option={"ask": True})
    made = shared.deployments.create(
        name=prod, service="api", share={"p1": 0.5, "p2": 0.5}, infrastructure=prod, access="public"
    )
    assert made.health == "HEALTHY"
    assert cluster.asked().count("exec") == 2
    answer = shared.deployments.ask(name=prod, endpoint="city", query={"id": 2}, package="p2")
    assert (answer.place, answer.generation, answer.answer) == (
        *(f"prod.{prod}", "p2", {"city": "Rome"}),
    )
    with pytest.raises(errors.NotFound, match="no endpoint"):
        shared.deployments.ask(name=prod, endpoint="town", query={"id": 2})
    assert shared.deployments.test(name=prod).outcome == "passed"
    (endpoint,) = shared.deployments.endpoints(name=prod)
    assert [each.url for each in endpoint.places] == [""]
    shared.infrastructures.update(name=prod, option={"ask": False})
    with pytest.raises(errors.Unsupported, match="turned off there by the option ask=no"):
        shared.deployments.ask(name=prod, endpoint="city", query={"id": 2})


def test_pods_that_do_not_become_ready_leave_what_answered(shared, deployed, cluster):
    before = cluster.image()
    image, *_ = shared.deployments.render(
        name=deployed, package="p2", output=str(cluster.folder / "p2")
    ).next
    cluster.trouble(crashes=image.split(":")[-1].split()[0])
    with pytest.raises(errors.Failed, match="CrashLoopBackOff back-off: ImportError: no module"):
        shared.deployments.update(name=deployed, package="p2")
    found = shared.deployments.show(name=deployed)
    assert (found.health, found.places[0].answers) == ("WARNING", "p1")
    assert cluster.image() == before
    cluster.trouble()
    assert shared.deployments.update(name=deployed, package="p2").health == "HEALTHY"


def test_no_pod_that_runs_is_an_error(shared, deployed, cluster):
    image = cluster.registry / "images" / cluster.image().replace("/", "_")
    image.rename(cluster.registry / "elsewhere")
    (held,) = (cluster.folder / "objects").glob("Deployment-*")
    held.write_text(held.read_text().replace('"answers"', '"answered"'))
    found = shared.deployments.check(name=deployed)
    assert (found.health, codes(found)) == ("ERROR", ["NOT_LOADED"])
    assert "0 of 2 pods are ready: api-1: ImagePullBackOff" in found.messages[0].details


def test_pods_follow_the_options(shared, deployed, cluster):
    ingress = {"most": 6, "exposition": "ingress", "host": "models.example.org"}
    found = changed(shared, deployed, **ingress, env={"TEAM": "risk: 'a'\n  b"})
    assert (found.health, codes(found)) == ("OUT_OF_SYNC", ["OTHER_SETTINGS"])
    assert shared.deployments.update(name=deployed).health == "HEALTHY"
    assert cluster.kinds() == {*ALWAYS, "HorizontalPodAutoscaler", "Ingress"}
    cluster.edit("Deployment", lambda live: live["spec"].update(replicas=5))
    assert shared.deployments.check(name=deployed).health == "HEALTHY"
    shared.deployments.update(name=deployed, package="p2")
    assert cluster.live("Deployment")["spec"]["replicas"] == 5
    found = changed(shared, deployed, most="", exposition="", host="", env="")
    assert "HorizontalPodAutoscaler, Ingress" in found.messages[0].details
    assert shared.deployments.update(name=deployed).health == "HEALTHY"
    assert cluster.kinds() == ALWAYS
    assert cluster.live("Deployment")["spec"]["replicas"] == 2
    found = changed(shared, deployed, base_image="registry.example.org/node:7")
    assert "made of python:3.11-slim" in found.messages[0].details
    before = cluster.image()
    assert shared.deployments.update(name=deployed).health == "HEALTHY"
    assert cluster.image() != before


def other_image(live):
    live["spec"]["template"]["spec"]["containers"][0]["image"] = "elsewhere:1"


def test_what_others_change_is_told_and_brought_back(shared, deployed, cluster):
    image = cluster.image()
    cluster.edit("Deployment", other_image)
    found = shared.deployments.check(name=deployed)
    assert found.health == "UNHEALTHY" or "elsewhere:1" in found.messages[-1].details
    assert shared.deployments.update(name=deployed).health == "HEALTHY"
    assert cluster.image() == image
    cluster.edit("Deployment", lambda live: live["spec"].update(replicas=0))
    assert codes(shared.deployments.check(name=deployed)) == ["DISABLED_THERE"]
    assert shared.deployments.update(name=deployed).health == "HEALTHY"
    next((cluster.folder / "objects").glob("Service-*")).unlink()
    assert codes(shared.deployments.check(name=deployed)) == ["OTHER_SETTINGS"]
    assert shared.deployments.update(name=deployed).health == "HEALTHY"
    next((cluster.folder / "objects").glob("Deployment-*")).unlink()
    assert shared.deployments.check(name=deployed).health == "OUT_OF_SYNC"
    assert shared.deployments.update(name=deployed).health == "HEALTHY"


def test_what_is_not_ours_stays(shared, prod, cluster):
    theirs = {"kind": "Service", "metadata": {"name": "api", "namespace": prod}, "spec": {}}
    file = cluster.folder / "objects" / "Service-api.json"
    file.write_text(json.dumps({"live": theirs}))
    with pytest.raises(errors.Failed, match="there is a Service api in the namespace"):
        shared.deployments.create(name=prod, service="api", package="p1", infrastructure=prod)
    assert cluster.kinds() == {"Service"}
    assert cluster.images() == 0


TROUBLES = [
    ({"get": "fail"}, "kubectl get: Unable to connect to the server"),
    ({"get": "garbage"}, 'what kubectl get answers cannot be read: "<html>Sign in'),
    ({"get": "hang"}, "kubectl did not end within 3 seconds (get --namespace="),
    ({"version": "1.14"}, "kubectl is 1.14 here; it takes 1.22 or newer"),
    ({"version": "a.b"}, "what kubectl version answers cannot be read"),
    ({"apply": "fail"}, "kubectl apply: Unable to connect"),
]


def test_programs_that_do_not_work_change_nothing(shared, deployed, cluster, monkeypatch):
    image, found = cluster.image(), []
    for trouble, _ in TROUBLES:
        cluster.trouble(**trouble)
        monkeypatch.setattr(kubectl, "ASKING", 3.0 if "hang" in trouble.values() else 60.0)
        with pytest.raises(errors.Failed) as refused:
            shared.deployments.update(name=deployed, package="p2")
        found.append(refused.value.detail)
        assert cluster.image() == image
    assert [said in detail for detail, (_, said) in zip(found, TROUBLES, strict=True)] == [True] * 6
    cluster.trouble()
    assert shared.deployments.update(name=deployed, package="p2").health == "HEALTHY"


def test_an_image_that_cannot_be_made_changes_nothing(shared, deployed, cluster):
    before = cluster.asked().count("apply")
    for number, verb in enumerate(("build", "push"), 2):
        cluster.trouble_with_images(**{verb: "fail"})
        with pytest.raises(errors.Failed, match=f"docker {verb} of the image registry.example.org"):
            shared.deployments.update(name=deployed, package="p2")
        log = shared.deployments.log(name=deployed, number=number).log
        assert log[-1].text == "nothing that answers was changed"
    assert cluster.asked().count("apply") == before


@pytest.mark.parametrize("program", ["kubectl", "docker"])
def test_a_program_that_is_not_there_is_told(shared, deployed, cluster, monkeypatch, program):
    cluster.without(program, monkeypatch)
    with pytest.raises(errors.Failed, match=f"there is no {program} on PATH.*deployments render"):
        shared.deployments.update(name=deployed, package="p2")


@pytest.mark.slow
def test_killed_in_the_middle_the_same_command_ends_well(shared, deployed, cluster, made):
    cluster.trouble(apply="die")
    update = [
        "deployments",
        "update",
        deployed,
        "--package",
        "p2",
        "--workspace",
        str(made / "yard"),
    ]
    killed = subprocess.run(
        [sys.executable, "-m", "modelyard", *update],
        check=False,
        env={**os.environ, "MODELYARD_DEPLOYMENTS__LEASE": "2"},
    )
    assert killed.returncode == -9
    again = subprocess.run(
        [sys.executable, "-m", "modelyard", *update],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "MODELYARD_DEPLOYMENTS__LEASE": "2"},
    )
    assert again.returncode == 0, again.stderr
    assert shared.deployments.show(name=deployed).health == "HEALTHY"


def test_guards_are_refused(shared, deployed):
    with pytest.raises(errors.Failed, match="leave --error-rate and --p99-ms out"):
        shared.deployments.update(name=deployed, package="p2", error_rate=0.1)
    assert shared.deployments.show(name=deployed).places[0].answers == "p1"


def test_one_service_is_in_a_namespace_once(shared, deployed):
    other = f"{deployed}-b"
    option = {**OPTIONS, "namespace": deployed}
    shared.infrastructures.create(name=other, stage="test", driver="kubernetes", option=option)
    with pytest.raises(errors.Conflict, match="api is deployed on"):
        shared.deployments.create(name=other, service="api", package="p1", infrastructure=other)
    shared.infrastructures.delete(name=other)


def test_files_are_written_without_any_program(shared, prod, cluster, tmp_path, monkeypatch):
    cluster.without("kubectl", monkeypatch)
    with pytest.raises(errors.Failed, match="there is no kubectl"):
        shared.deployments.create(name=prod, service="api", package="p1", infrastructure=prod)
    made = shared.deployments.render(name=prod, output=str(tmp_path / "files"))
    assert set(made.files) >= {"image/Dockerfile", "image/packages/p1.zip"}
    deployment = yaml.safe_load((tmp_path / "files/manifests/deployment.yaml").read_text())
    assert deployment["spec"]["replicas"] == 2
    (node,) = deployment["spec"]["template"]["spec"]["containers"]
    build, push, apply = made.next
    assert build == f"docker build --tag={node['image']} image"
    assert push == f"docker push {node['image']}"
    assert apply.startswith("kubectl apply --context=prod --server-side")
    zipped = shared.deployments.render(name=prod, package="p2", output=str(tmp_path / "all.zip"))
    assert "image/packages/p2.zip" in zipped.files
    assert (tmp_path / "all.zip").is_file()
    with pytest.raises(errors.Conflict, match="exists already"):
        shared.deployments.render(name=prod, output=str(tmp_path / "files"))
    assert sorted(each.name for each in tmp_path.iterdir() if "partial" in each.name) == []


def test_nodes_have_no_files(shared, there):
    shared.deployments.create(name=there, service="api", package="p1", infrastructure=there)
    with pytest.raises(errors.Unsupported, match="the driver made"):
        shared.deployments.render(name=there)
