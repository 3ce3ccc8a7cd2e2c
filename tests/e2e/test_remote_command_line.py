"""The command line on a server with login: the main job, who may not, Ctrl-C, and faults."""

from __future__ import annotations

import json
import shutil
import signal
import zipfile

import pytest
from tests.e2e.conftest import CommandLine
from tests.e2e.models import write_model
from tests.running_server import RunningServer

import modelyard

IMPORT = ("versions", "import", "churn")
CLASSES = ("--classes", "no,yes")
SCORE = ("scoring", "run", "churn", "--input", "holdout.csv", "--output")


class Team:
    """A workspace with an admin and a reader, whose keys are in files."""

    def __init__(self, folder):
        self.folder = folder
        self.workspace = folder / "yard"
        yard = modelyard.open(self.workspace)
        yard.users.create(name="root", admin=True)
        yard.users.create(name="reader")
        yard.members.add(name="reader", role="reader")
        self.keys = {
            name: yard.keys.create(name="test", user=name).secret for name in ("root", "reader")
        }
        yard.close()

    def serve(self, *words):
        return RunningServer(self.workspace, *words, no_auth=False, MODELYARD_ENVS__DEFAULT="local")

    def command_line(self, folder, url, user="root"):
        """The command line of a user on another machine."""
        cli = CommandLine(folder)
        cli.environ.pop("MODELYARD_WORKSPACE")
        cli.environ |= {"MODELYARD_URL": url, "MODELYARD_API_KEY": self.keys[user]}
        (folder / "holdout.csv").write_text("id,age,fare\na,40,1\nb,20,2\n")
        return cli


@pytest.fixture(scope="module")
def team(tmp_path_factory):
    return Team(tmp_path_factory.mktemp("team"))


@pytest.fixture(scope="module")
def server(team):
    with team.serve() as server:
        yield server


@pytest.fixture
def remote(team, server, tmp_path):
    return team.command_line(tmp_path, server.url)


@pytest.fixture
def idle(tmp_path_factory):
    """A team whose server has no worker, and the command line there."""
    team = Team(tmp_path_factory.mktemp("idle"))
    here = tmp_path_factory.mktemp("here")
    with team.serve("--workers", "0") as server:
        cli = team.command_line(here, server.url)
        cli.ok("models", "create", "churn", "--prediction-type", "binary_classification")
        yield team, server, cli


def heard(process, line):
    """What a process says on stderr until it says a line."""
    said = ""
    for each in process.stderr:
        said += each
        if each == f"{line}\n":
            return said
    raise AssertionError(said)


def test_the_main_job(remote, model_folder):
    remote.ok("models", "create", "churn", "--prediction-type", "binary_classification")
    first = remote.ok(*IMPORT, "v1", str(model_folder), *CLASSES)
    archive = shutil.make_archive(str(remote.folder / "packed"), "zip", model_folder)
    second = remote.ok(*IMPORT, "v2", archive, *CLASSES)
    assert first["digest"] == second["digest"]
    remote.ok("versions", "activate", "churn", "v1")
    listed = remote.ok("versions", "list", "churn", "--sort", "version")
    assert [(v["version"], v["active"]) for v in listed] == [("v1", True), ("v2", False)]

    run = remote.ok(*SCORE, "scored.csv", "--keep", "id")
    assert (run["state"], run["output"], run["version"]) == ("finished", "scored.csv", "v1")
    lines = (remote.folder / "scored.csv").read_text().replace('"', "").splitlines()
    assert lines[1:] == ["a,yes", "b,no"]
    remote.ok("versions", "export", "churn", "v1", "out.zip")
    with zipfile.ZipFile(remote.folder / "out.zip") as exported:
        assert "MLmodel" in exported.namelist()
    assert remote("versions", "export", "churn", "v1", "out.zip").code == 4
    assert remote("versions", "show", "churn", "v7").code == 3
    (remote.folder / "holdout.csv").write_text("id,age\na,40\n")
    failed = remote(*SCORE, "none.csv", "--json")
    assert (failed.code, failed.out) == (2, "")
    problem = json.loads(failed.err)
    assert "fare" in problem["detail"]
    assert not (remote.folder / "none.csv").exists()
    waited = remote("jobs", "wait", problem["context"]["job"], "--json")
    assert (waited.code, json.loads(waited.err)["code"]) == (2, "invalid")
    assert remote("versions", "delete", "churn", "v1", "v2", "--force").code == 0


def test_detached(remote, model_folder):
    remote.ok("models", "create", "kept", "--prediction-type", "binary_classification")
    job = remote.ok("versions", "import", "kept", "v1", str(model_folder), *CLASSES, "--detach")
    assert (job["command"], job["actor"]) == ("versions.import", "root")
    version = remote.ok("jobs", "wait", job["id"])
    assert (version["model"], version["imported_by"]) == ("kept", "root")
    words = ("scoring", "run", "kept", "--input", "holdout.csv", "--output", "kept/out.csv")
    said = remote(*words, "--detach").out
    steps = [line.split("#")[0].split()[1:] for line in said.splitlines() if "  modelyard " in line]
    assert [step[:2] for step in steps] == [
        *(["jobs", name] for name in ("wait", "show", "cancel")),
        ["files", "get"],
    ]
    waited = remote(*steps[0])
    assert (waited.code, "finished" in waited.out, waited.err != "") == (0, True, True)
    assert remote(*steps[3]).code == 0
    assert (remote.folder / "out.csv").read_text().count("\n") == 3


def test_who_may_not(team, server, tmp_path, model_folder):
    reader = team.command_line(tmp_path, server.url, "reader")
    done = reader("models", "create", "mine", "--prediction-type", "other", "--json")
    assert (done.code, json.loads(done.err)["code"]) == (5, "forbidden")
    done = reader(*IMPORT, "v1", str(model_folder), *CLASSES)
    assert done.code == 5
    assert "contributor" in done.err
    assert reader.ok("models", "list") is not None
    wrong = reader("models", "list", MODELYARD_API_KEY="mdy_wrong")
    assert (wrong.code, wrong.err.split(":")[0]) == (5, "unauthenticated")
    without = reader("models", "list", MODELYARD_API_KEY="")
    assert without.code == 5
    assert "set MODELYARD_API_KEY" in without.err
    (tmp_path / "key").write_text(team.keys["root"])
    shown = reader.ok("account", "show", "--url", server.url, "--api-key-file", "key")
    assert shown["name"] == "root"


def test_no_server(team, tmp_path):
    done = team.command_line(tmp_path, "http://127.0.0.1:9")("models", "list", "--json")
    assert (done.code, done.out) == (8, "")
    assert "no server answers" in json.loads(done.err)["detail"]


def test_ctrl_c_leaves_the_job_alone(idle):
    _, _, cli = idle
    process = cli.start(*SCORE, "scored.csv")
    heard(process, "waiting for a worker")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    [job] = cli.ok("jobs", "list")
    first, *steps = err.splitlines()
    assert (process.returncode, out, job["state"]) == (130, "", "queued")
    assert first == f"interrupted; job {job['id']} goes on"
    assert [step.split()[1:4] for step in steps[:3]] == [
        ["jobs", name, job["id"]] for name in ("wait", "show", "cancel")
    ]
    process = cli.start("jobs", "wait", job["id"])
    heard(process, "waiting for a worker")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err.splitlines()[0]) == (130, first)
    assert cli.ok("jobs", "cancel", job["id"])["state"] == "cancelled"


def test_a_server_that_stops_and_comes_back(idle):
    team, server, cli = idle
    model = write_model(cli.folder / "plain")
    process = cli.start(*IMPORT, "v1", str(model), *CLASSES)
    heard(process, "waiting for a worker")
    server.stop()
    heard(process, "waiting for the server")
    with team.serve("--port", str(server.port)):
        out, err = process.communicate(timeout=240)
        assert process.returncode == 0, err
        assert "churn v1" in out
