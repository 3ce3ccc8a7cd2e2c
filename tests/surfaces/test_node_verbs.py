"""Every verb of an API node is everywhere: handler, Python, command line, route, reference."""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from pydantic import TypeAdapter

import modelyard
from modelyard.cli.main import build
from modelyard.kernel.values import LocalPath
from modelyard.serving.administration.node import NODE_BUS, Node
from modelyard.serving.administration.table import NODE_ROOMS, NodeVerbs

VERBS = list(NodeVerbs.commands())
IDS = [f"{room} {name}" for room, name, _ in VERBS]
DOCS = Path(modelyard.__file__).parents[2] / "docs" / "reference"
NODE = build().commands["node"]


@pytest.mark.parametrize(("room", "name", "command"), VERBS, ids=IDS)
class TestVerb:
    def test_has_a_handler_and_teaches(self, room, name, command):
        assert command in NODE_BUS.handlers
        assert inspect.getdoc(command).endswith(".")
        assert [f for f, info in command.model_fields.items() if not info.description] == []
        assert TypeAdapter(command.result_type()).json_schema() is not None

    def test_is_on_the_command_line(self, room, name, command):
        group = NODE if room == "node" else NODE.commands[room]
        parsed = group.commands[name]
        options = {option for param in parsed.params for option in param.opts}
        assert {"--json", "--folder"} <= options
        positional = [p.name for p in parsed.params if isinstance(p, click.Argument)]
        assert tuple(positional) == command.arguments

    def test_has_a_right_and_a_route_whose_fields_it_has(self, room, name, command):
        assert re.fullmatch(r"node:(read|write)", command.needs)
        method, path = command.http()
        assert (method == "GET") <= command.only_reads() or not command.route
        assert command.only_reads() == command.needs.endswith(":read") or not command.route
        assert set(re.findall(r"{(\w+)}", path)) <= set(command.model_fields)
        assert {field for field in command.wire.values() if field} <= set(command.model_fields)

    def test_marks_the_fields_that_name_local_paths(self, room, name, command):
        spoken = {
            field
            for field, info in command.model_fields.items()
            if re.search(r"\bfiles?\b", info.description)
        }
        assert spoken <= {f for f, info in command.model_fields.items() if LocalPath.of_field(info)}

    def test_is_in_the_reference(self, room, name, command):
        above = "node" if room == "node" else f"node {room}"
        assert f"### {above} {name}\n" in (DOCS / "cli.md").read_text("utf-8")
        dotted = above.replace(" ", r"\.")
        assert re.search(rf"### {dotted}\.{name}_?\n", (DOCS / "python.md").read_text("utf-8"))


def test_every_handler_has_a_verb_and_no_two_share_a_route():
    assert set(NODE_BUS.handlers) == {command for _, _, command in VERBS}
    routes = [command.http() for _, _, command in VERBS if command.route]
    assert len(set(routes)) == len(routes)


def test_a_node_in_python_has_every_verb(tmp_path):
    node = modelyard.node(tmp_path / "node")
    assert isinstance(node, Node)
    assert {name: type(getattr(node, name)) for name in NODE_ROOMS} == NODE_ROOMS
    assert node.init().folder == str(tmp_path / "node")
    assert node.services() == []


def test_a_node_is_administered_from_the_command_line(tmp_path):
    folder = ["--folder", str(tmp_path / "node")]

    def run(*words):
        return CliRunner().invoke(build(), ["node", *words, *folder])

    missing = run("services", "--json")
    assert missing.exit_code == 3
    assert "modelyard node init --folder" in json.loads(missing.stderr)["detail"]
    assert "PACKAGE.zip" in run("init").stdout
    assert "Nothing here yet." in run("services").stdout
    run("create", "churn-api")
    assert "churn-api" in run("services").stdout
    made = json.loads(run("keys", "create", "--service", "churn-api", "--json").stdout)
    assert made["secret"].startswith(f"mdn_{made['id']}_")
    assert made["id"] in run("keys", "list").stdout
    assert made["secret"] not in run("keys", "list", "--json").stdout
    wrong = run("map", "churn-api", "p1=0.5", "p2=0.4")
    assert (wrong.exit_code, wrong.stderr) == (
        2,
        "invalid: the probabilities have to be 1 together, not 0.9\n",
    )
    assert "--entries.p1: must be a number" in run("map", "churn-api", "p1=all").stderr
    assert run("activate", "churn-api", "p1").exit_code == 3
    assert "Done." in run("delete", "churn-api").stdout


def test_a_mapping_is_read_from_standard_input(tmp_path):
    folder = ["--folder", str(tmp_path / "node")]

    def run(text, *words):
        return CliRunner().invoke(build(), ["node", *words, *folder], input=text)

    run("", "init")
    run("", "create", "churn-api")
    for text in ('{"p1": 0.5}', '{"entries": [{"generation": "p1", "proba": 0.5}]}'):
        assert "1 together, not 0.5" in run(text, "map", "churn-api", "-").stderr
    missing = run('{"p1": 1}', "map", "churn-api", "-")
    assert missing.exit_code == 3
    assert "'p1'" in missing.stderr
    for text, said in (("", "holds no JSON"), ("[1]", "no object"), ("{}", "not be empty")):
        assert said in run(text, "map", "churn-api", "-").stderr


def test_rooms_of_the_node_alone_teach():
    for room in NODE_ROOMS:
        shown = CliRunner().invoke(build(), ["node", room])
        assert f"modelyard node {room} list" in shown.output
