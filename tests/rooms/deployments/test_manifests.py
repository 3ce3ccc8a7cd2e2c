"""Manifests, images and names: taken by Kubernetes, by hadolint and by kubectl itself."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import kubernetes_validate
import pytest
from tests.rooms.deployments.made import desired

from modelyard import errors
from modelyard.deployments.drivers.kubernetes.images import Image
from modelyard.deployments.drivers.kubernetes.kubectl import Kubectl
from modelyard.deployments.drivers.kubernetes.manifests import Carried, carried_by, manifests
from modelyard.deployments.drivers.kubernetes.naming import object_name, place_name
from modelyard.deployments.drivers.kubernetes.options import KubernetesOptions
from modelyard.deployments.drivers.options import read_options
from modelyard.kernel.values import NAME_PATTERN

DAY = datetime(2026, 3, 1, tzinfo=UTC)
LABEL = r"[a-z]([-a-z0-9]*[a-z0-9])?"
"""Names of services in Kubernetes (RFC 1035), at most 63 letters."""
EVERYTHING = {
    "context": "arn:aws:eks:eu-west-1:1:cluster/prod",
    "namespace": "models",
    "platform": "linux/amd64",
    "pull_secrets": "registry",
    "replicas": 3,
    "most": 9,
    "cpu_percent": 70,
    "cpus": "500m",
    "memory": "4Gi",
    "gpus": 1,
    "exposition": "ingress",
    "host": "{service}.example.org",
    "ingress_class": "nginx",
    "tls_secret": "certificate",
    "annotations": {"nginx.ingress.kubernetes.io/proxy-body-size": "64m"},
    "labels": "team=risk,example.org/tier=web",
    "env": {"WORDS": 'a: "b"\n- c: {{ d }} # e', "NUMBER": "1"},
    "env_secrets": "tokens",
    "keys_secret": "keys",
    "service_account": "scorer",
    "node_selector": "pool=cpu",
    "spread": "topology.kubernetes.io/zone",
    "patches": {"Deployment": {"spec": {"template": {"spec": {"priorityClassName": "high"}}}}},
}


def options(**given):
    return read_options("kubernetes", KubernetesOptions, {"repository": "example.org/a", **given})


def made(service="People.API", **given):
    carried = Carried(service=service, image="example.org/a:1", packages={"p1": DAY}, shares={})
    return {each["kind"]: each for each in manifests(options(**given), carried)}


@pytest.mark.parametrize(
    "given",
    [
        {},
        EVERYTHING,
        {"exposition": "node_port", "node_port": 30500},
        {"exposition": "load_balancer"},
    ],
    ids=["least", "everything", "node_port", "load_balancer"],
)
def test_kubernetes_knows_every_field(given):
    found = made(**given)
    for manifest in found.values():
        kubernetes_validate.validate(manifest, "1.37", strict=True)
    pods = found["Deployment"]["spec"]["template"]["metadata"]["labels"]
    for selector in (
        found["Service"]["spec"]["selector"],
        found["Deployment"]["spec"]["selector"]["matchLabels"],
        found["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"],
    ):
        assert selector.items() <= pods.items()
    assert carried_by(found["Deployment"]).packages == {"p1": DAY}


def test_options_are_where_they_belong():
    found = made(**EVERYTHING)
    pod = found["Deployment"]["spec"]["template"]["spec"]
    (node,) = pod["containers"]
    assert {each["name"]: each["value"] for each in node["env"]}["WORDS"] == EVERYTHING["env"][
        "WORDS"
    ]
    assert node["envFrom"] == [{"secretRef": {"name": "tokens"}}]
    assert node["resources"]["requests"] == {"cpu": "500m", "memory": "4Gi"}
    assert node["resources"]["limits"] == {"memory": "4Gi", "nvidia.com/gpu": "1"}
    assert (pod["serviceAccountName"], pod["priorityClassName"]) == ("scorer", "high")
    assert pod["nodeSelector"] == {"pool": "cpu"}
    assert "replicas" not in found["Deployment"]["spec"]
    scaled = found["HorizontalPodAutoscaler"]["spec"]
    assert (scaled["minReplicas"], scaled["maxReplicas"]) == (3, 9)
    (rule,) = found["Ingress"]["spec"]["rules"]
    name = object_name("People.API")
    assert (rule["host"], rule["http"]["paths"][0]["path"]) == (f"{name}.example.org", "/")
    shared = made(exposition="ingress", host="models.example.org")["Ingress"]["spec"]["rules"][0]
    paths = [each["path"] for each in shared["http"]["paths"]]
    assert paths == ["/public/api/v1/People.API", "/People.API"]
    assert made(exposition="node_port", node_port=30500)["Service"]["spec"]["type"] == "NodePort"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"repository": "Not Here"}, "option repository"),
        ({"repository": "--privileged"}, "option repository"),
        ({"context": "-o=json"}, "option context"),
        ({"namespace": "Models"}, "option namespace"),
        ({"replicas": 3, "most": 2}, "at most 2 pods cannot be 3"),
        ({"exposition": "ingress"}, "an ingress needs host"),
        ({"exposition": "public"}, "option exposition"),
        ({"host": "a.example.org/x"}, "option host"),
        ({"node_port": 80}, "node_port is 30000 to 32767"),
        ({"cpus": "two"}, "option cpus"),
        ({"memory": "2"}, "option memory"),
        ({"labels": "a b=c"}, "option labels"),
        ({"env": "1A=x"}, "option env"),
        ({"patches": {"Secret": {}}}, "option patches"),
        ({"patches": "{"}, "option patches"),
        ({"base_image": "a\nRUN evil"}, "option base_image"),
    ],
)
def test_options_that_no_cluster_takes(given, said):
    with pytest.raises(errors.Invalid, match=said):
        options(**given)


@pytest.mark.parametrize(
    "service",
    ["churn-api", "Churn_API", "churn.api", "9lives", "x" * 127, "a" * 53, "A", "-".join("ab")],
)
def test_names_are_taken_by_kubernetes(service):
    name = object_name(service)
    assert re.fullmatch(LABEL, name)
    assert len(name) <= 53
    assert (name == service) == bool(re.fullmatch(LABEL, service) and len(service) <= 53)


def test_other_services_have_other_names():
    services = [
        "churn-api",
        "Churn-api",
        "churn.api",
        "churn_api",
        "churn--api",
        "x" * 99,
        "x" * 98,
    ]
    assert len({object_name(each) for each in services}) == len(services)


@pytest.mark.parametrize("context", ["", "prod", "arn:aws:eks:eu-west-1:1:cluster/prod", "a" * 250])
def test_places_have_the_form_of_names(context):
    assert re.fullmatch(NAME_PATTERN, place_name(context, "models"))
    assert place_name(context, "models") != place_name(f"{context}b", "models")


def test_the_name_of_an_image_tells_what_is_in_it():
    def name(*packages, base_image="python:3.11-slim", **more):
        return Image(options(base_image=base_image), desired(*packages, **more)).name

    assert name("p1", "p2") == name("p1", "p2")
    others = {
        name("p1"),
        name("p2"),
        name("p1", "p2"),
        name("p1", shadows=("p2",)),
        name("p1", access="keys"),
        name("p1", base_image="example.org/node:1"),
    }
    assert len(others) == 6


def test_linters_take_the_dockerfile(tmp_path):
    wanted = desired("p1", "p2", shadows=("p3",), access="keys")
    (tmp_path / "Dockerfile").write_text(Image(options(), wanted).dockerfile)
    hadolint = Path(sys.executable).with_name("hadolint")
    told = subprocess.run(
        [hadolint, tmp_path / "Dockerfile"], capture_output=True, text=True, check=False
    )
    assert (told.returncode, told.stdout) == (0, "")


def test_kubectl_itself_takes_every_option(tmp_path, monkeypatch):
    if shutil.which("kubectl") is None:
        pytest.skip("there is no kubectl here")
    config = tmp_path / "config"
    config.write_text(
        "{clusters: [{name: a, cluster: {server: 'http://127.0.0.1:1'}}],"
        " contexts: [{name: prod, context: {cluster: a}}]}"
    )
    monkeypatch.setenv("KUBECONFIG", str(config))
    asking = Kubectl(options(context="prod"))
    wanted = made().values()
    for ask in (
        lambda: asking.find("a"),
        lambda: asking.pods("a=b,c=d"),
        lambda: asking.difference(wanted),
        lambda: asking.apply(wanted),
        lambda: asking.scale("a", 2),
        lambda: asking.delete("a", ["Ingress", "Service"]),
        lambda: asking.answered("a", "api", "p1"),
    ):
        with pytest.raises(errors.Failed, match="refused"):
            ask()
    assert "refused" in asking.rolled_out("a", 0.1)
