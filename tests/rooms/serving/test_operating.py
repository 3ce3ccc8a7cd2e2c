"""The files that run nodes are taken by the programs they are written for."""

import shutil
import subprocess
import sys
from pathlib import Path

import kubernetes_validate
import pytest
import yaml
from pydantic import ValidationError

from modelyard import errors
from modelyard.serving.operating.types import Plan
from modelyard.serving.operating.writing import write_files

PLAN = Plan(name="delays", port=8600, replicas=2, most=5, nodes=("10.0.0.1:8500", "[::1]:8501"))


def test_kubernetes_knows_every_field(tmp_path):
    written = write_files("kubernetes", PLAN, tmp_path)
    found = {}
    for name in written.files:
        manifest = yaml.safe_load((tmp_path / name).read_text())
        kubernetes_validate.validate(manifest, "1.37", strict=True)
        found[manifest["kind"]] = manifest
    pods = found["Deployment"]["spec"]["template"]
    labels = pods["metadata"]["labels"]
    assert found["Service"]["spec"]["selector"] == labels
    assert found["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == labels
    scaled = found["HorizontalPodAutoscaler"]["spec"]
    assert scaled["scaleTargetRef"]["name"] == found["Deployment"]["metadata"]["name"]
    assert (scaled["minReplicas"], scaled["maxReplicas"]) == (2, 5)
    assert pods["spec"]["containers"][0]["ports"][0]["containerPort"] == 8600
    assert pods["spec"]["terminationGracePeriodSeconds"] > PLAN.drain


def test_the_dockerfile_is_what_linters_want(tmp_path):
    write_files("docker", PLAN, tmp_path)
    hadolint = Path(sys.executable).with_name("hadolint")
    told = subprocess.run(
        [hadolint, tmp_path / "Dockerfile"], capture_output=True, text=True, check=False
    )
    assert (told.returncode, told.stdout) == (0, "")
    service = yaml.safe_load((tmp_path / "compose.yaml").read_text())["services"]["delays"]
    assert service["ports"] == ["8600:8600"]


def test_load_balancers_take_their_files(tmp_path):
    nginx, haproxy = shutil.which("nginx"), shutil.which("haproxy")
    if nginx is None or haproxy is None:
        pytest.skip("there is no nginx or no HAProxy here: install them ('make balancers')")
    write_files("nginx", PLAN, tmp_path)
    write_files("haproxy", PLAN, tmp_path)
    for check in (
        [nginx, "-t", "-q", "-p", tmp_path, "-c", tmp_path / "nginx.conf"],
        [haproxy, "-c", "-f", tmp_path / "haproxy.cfg"],
    ):
        told = subprocess.run(check, capture_output=True, text=True, check=False)
        assert told.returncode == 0, told.stderr


def test_systemd_takes_its_unit(tmp_path):
    (name,) = write_files("systemd", PLAN, tmp_path).files
    lines = (tmp_path / name).read_text().splitlines()
    assert (
        "ExecStart=/usr/bin/env modelyard node serve --folder /var/lib/modelyard/node "
        "--host 0.0.0.0 --port 8600" in lines
    )
    analyze = shutil.which("systemd-analyze")
    if analyze is not None:
        told = subprocess.run(
            [analyze, "verify", tmp_path / name], capture_output=True, text=True, check=False
        )
        assert told.returncode == 0, told.stderr


def test_nothing_is_overwritten(tmp_path):
    (tmp_path / "service.yaml").write_text("mine")
    with pytest.raises(errors.Conflict, match=r"service\.yaml is there"):
        write_files("kubernetes", PLAN, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["service.yaml"]


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(errors.Failed, match="cannot be written"):
        write_files("nginx", PLAN, tmp_path / "file" / "folder")


def test_there_cannot_be_fewer_at_most_than_at_least(tmp_path):
    with pytest.raises(errors.Invalid, match="at most 1 nodes"):
        write_files("kubernetes", Plan(replicas=3, most=1), tmp_path)
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(
    "wish",
    [
        {"name": "Not A Label"},
        {"image": "evil\n      hostNetwork: true"},
        {"nodes": ("10.0.0.1:8500; include /etc/passwd",)},
        {"node_folder": "/var/lib\nExecStartPre=/bin/true"},
        {"memory": "lots"},
    ],
)
def test_a_wish_cannot_say_more_than_its_place(wish):
    with pytest.raises(ValidationError):
        Plan(**wish)
