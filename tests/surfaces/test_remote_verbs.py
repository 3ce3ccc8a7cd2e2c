"""Every verb does on a server what it does in a folder: the same result, the same error."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import sys
from contextlib import redirect_stdout

import pytest
from tests.e2e.models import write_model
from tests.rooms.deployments.nodes.conftest import CITY, towns
from tests.running_server import RunningServer
from tests.surfaces.test_parity import example_of

import modelyard
from modelyard.cli import render
from modelyard.cli.main import main
from modelyard.kernel.secrets import is_secret
from modelyard.serving.folder import NodeFolder
from modelyard.serving.packages.types import LookupEndpoint
from modelyard.verbs import Verbs

pytestmark = pytest.mark.slow

MADE_UP = (
    (r"\d{8}-\d{6}-[0-9a-f]{6,13}", "ID"),
    (r"mdy_\w+", "KEY"),
    (r'"secret": "[^"]+"', "SECRET"),
    (r"\d{4}-\d\d-\d\d(T[\d:.]+Z| \d\d:\d\d:\d\d)", "MOMENT"),
    (r"test_[0-9a-f]{32}", "SCHEMA"),
    (r"\b[0-9a-f]{12}\b|\b[0-9a-f]{32}\b|\b[0-9a-f]{64}\b", "HEX"),
    (r"(files://)?(default/)?(transit/[0-9a-f]{16}/(\d+/)?)?", ""),
)
"""What no two workspaces have in common, by pattern."""
POLICY = """\
clauses:
- {kind: metric, metric: auc, at_least: 0.75}
- {kind: approved}
"""
TEMPLATE = "{name: review, kind: version, version: 1, fields: [{id: risk, type: number}]}"
FILES = {"policies": "production.yaml", "templates": "review.yaml"}
"""What verbs of some rooms are given as a file."""


@pytest.fixture
def here(tmp_path):
    """A folder with a workspace and some files."""
    here = tmp_path / "here"
    here.mkdir()
    (here / "flights.csv").write_text("age,fare\n40,1\n")
    (here / "requirements.txt").write_text("")
    (here / "production.yaml").write_text(POLICY)
    (here / "review.yaml").write_text(TEMPLATE)
    yard = modelyard.open(here / "yard")
    yard.files.put(file=str(here / "flights.csv"), path="holdout.csv")
    yard.datasets.create(name="holdout", path="files://holdout.csv")
    yard.models.create(name="churn", prediction_type="binary_classification")
    yard.versions.import_(
        model="churn",
        version="v1",
        source=str(write_model(here / "plain")),
        classes=("no", "yes"),
        env="local",
    )
    yard.stores.create(name="monthly")
    yard.infrastructures.create(name="prod-api", stage="production", driver="local")
    yard.close()
    churn = LookupEndpoint(name="churn", lookups=CITY.lookups, test_queries=CITY.test_queries)
    package = towns(here, "p1", service="churn-api", endpoints=(churn,))
    NodeFolder.created(here / "yard" / "nodes" / "local")
    modelyard.node(here / "yard" / "nodes" / "local").import_(file=str(package))
    return here


@pytest.fixture
def server(here, tmp_path, copied, monkeypatch):
    """A server of a workspace that is the same, in a folder with the same files."""
    there, database = tmp_path / "there", os.environ.get("MODELYARD_DATABASE")
    shutil.copytree(here, there, ignore=shutil.ignore_patterns("yard"))
    copied(here / "yard", there / "yard")
    monkeypatch.setenv(
        "MODELYARD_NODES__LOCAL", "false"
    )  # in a folder nobody runs its node, either
    with RunningServer(there / "yard", "--workers", "0") as server:
        if database is not None:
            monkeypatch.setenv("MODELYARD_DATABASE", database)
        yield server


def words_for(room, name, command):
    """The example of a verb as a command line, and what it reads from standard input."""
    values = example_of(command)
    if command.sends:
        values[command.sends] = FILES.get(room, "flights.csv")
    options, secrets = [], []
    for field, value in values.items():
        flag = f"--{field.replace('_', '-')}"
        if is_secret(command, field):
            options.append(f"{flag}-stdin")
            secrets.append(f"{value}\n")
        elif field in command.arguments:
            continue
        elif isinstance(value, dict):
            pairs = (f"{key}:={json.dumps(part)}" for key, part in value.items())
            options += [word for pair in pairs for word in (flag, pair)]
        else:
            options += [flag, value if isinstance(value, str) else json.dumps(value)]
    positional = []
    for field in command.arguments:
        if field in values:
            value = values[field]
            positional += value if isinstance(value, list) else [str(value)]
    detach = ["--detach"] if command.background else []
    return [room, name, *positional, *options, *detach, "--json"], "".join(secrets)


def outcome(capsys, monkeypatch, words, typed, folders):
    """The exit code and what is printed on stdout and stderr, without what is made up."""
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
    with pytest.raises(SystemExit) as end:
        main(words)
    out, err = capsys.readouterr()
    for pattern, name in (*((re.escape(str(folder)), "HERE") for folder in folders), *MADE_UP):
        out, err = re.sub(pattern, name, out), re.sub(pattern, name, err)
    if words[0] == "audit":  # it says itself where each command came from
        out = ""
    return {"code": end.value.code or 0, "out": out, "err": err}


@pytest.fixture
def told_for_people(monkeypatch):
    """Results are told as JSON, and before that to people, which at least can be done."""
    tell = render.tell_result

    def told(result, kind, **how):
        with redirect_stdout(io.StringIO()):
            render.show(result)
        tell(result, kind, **how)

    monkeypatch.setattr(render, "tell_result", told)


@pytest.mark.usefixtures("told_for_people")
def test_every_verb(here, server, capsys, monkeypatch):
    """One after the other, as they are declared: what one makes the next ones find."""
    there = server.workspace.parent
    monkeypatch.setitem(modelyard.connect.__kwdefaults__, "patience", 0)  # nodes that are nowhere
    codes = []
    for room, name, command in Verbs.commands():
        words, typed = words_for(room, name, command)
        monkeypatch.chdir(here)
        place = ("--workspace", str(here / "yard"))
        local = outcome(capsys, monkeypatch, [*words, *place], typed, (here, there))
        monkeypatch.chdir(there)
        remote = outcome(capsys, monkeypatch, [*words, "--url", server.url], typed, (here, there))
        for stream in remote:
            assert remote[stream] == local[stream], f"{room} {name}"
        codes.append(local["code"])
    assert codes.count(0) > len(codes) / 2, "most examples can be carried out"
