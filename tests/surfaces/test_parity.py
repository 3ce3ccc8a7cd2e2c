"""Every verb is everywhere: handler, Python method, command line, reference, rights."""

from __future__ import annotations

import inspect
import json
import re
from functools import cache
from pathlib import Path

import click
from pydantic import TypeAdapter
from tests.cases import every

import modelyard
from modelyard.cli.main import build
from modelyard.kernel.values import LocalPath
from modelyard.kernel.wire import transfer_field
from modelyard.verbs import Verbs
from modelyard.web.openapi import OpenApi
from modelyard.web.routes import Routes
from modelyard.workspace import BUS

VERBS = list(Verbs.commands())
EVERY_VERB = every(("room", "name", "command"), VERBS)
NO_PATHS = {
    *("connection", "format", "encoding", "missing", "python", "replace", "force", "recursive")
}
"""Fields that speak of files without naming one."""
COMMAND_LINE = build()
NONE = {"schema": {"properties": {}}, "example": {}}
DOCS = Path(modelyard.__file__).parents[2] / "docs" / "reference"


@cache
def operations():
    """What the OpenAPI document says of paths."""
    return json.loads(json.dumps(OpenApi(Routes(Verbs.commands())).document))["paths"]


@cache
def reference(name):
    """A page of the reference."""
    return (DOCS / name).read_text("utf-8")


def example_of(command):
    """The values of the example in the OpenAPI document."""
    method, path = command.http()
    operation = operations()[f"/api/v1{path}"][method.lower()]
    needed = [each for each in operation["parameters"] if each.get("required")]
    values = {each["name"]: each["example"] for each in needed}
    if "requestBody" in operation:
        content = operation["requestBody"]["content"]
        values |= content.get("application/json", NONE)["example"]
    return values


@EVERY_VERB
def test_every_verb_has_a_handler(room, name, command):
    assert command in BUS.handlers


@EVERY_VERB
def test_every_verb_has_a_python_method_that_teaches(room, name, command, yard):
    group = getattr(yard, room)
    entry = inspect.getattr_static(type(group), name, None) or inspect.getattr_static(
        type(group), f"{name}_"
    )
    assert entry.command is command
    assert inspect.getdoc(command).endswith(".")


@EVERY_VERB
def test_every_verb_is_on_the_command_line_with_json(room, name, command):
    parsed = COMMAND_LINE.commands[room].commands[name]
    options = {option for param in parsed.params for option in param.opts}
    assert {"--json", "--workspace"} <= options
    positional = [p.name for p in parsed.params if isinstance(p, click.Argument)]
    assert tuple(positional) == command.arguments


@EVERY_VERB
def test_every_verb_says_what_each_argument_is(room, name, command):
    silent = [field for field, info in command.model_fields.items() if not info.description]
    assert silent == []


@EVERY_VERB
def test_every_verb_takes_no_number_that_no_database_holds(room, name, command):
    fields = command.model_json_schema()["properties"]
    kinds = [kind for field in fields.values() for kind in field.get("anyOf", [field])]
    numbers = [kind for kind in kinds if kind.get("type") == "integer"]
    ends = [kind.get("maximum", kind.get("exclusiveMaximum", 2**64)) for kind in numbers]
    assert all(end <= 2**63 for end in ends), numbers


@EVERY_VERB
def test_every_verb_names_the_right_it_takes(room, name, command):
    assert re.fullmatch(r"[a-z]+:(read|write|run)", command.needs)


@EVERY_VERB
def test_every_verb_has_a_route_whose_fields_it_has(room, name, command):
    method, path = command.http()
    assert method in {"GET", "POST", "PATCH", "PUT", "DELETE"}
    assert method != "GET" or command.needs.endswith(":read")
    assert set(re.findall(r"{(\w+)}", path)) <= set(command.model_fields)


@EVERY_VERB
def test_every_verb_marks_the_fields_that_name_local_paths(room, name, command):
    spoken = {
        field
        for field, info in command.model_fields.items()
        if re.search(r"\b(paths?|folders?|files?|URI|URL)\b", info.description or "")
        and "project's files" not in info.description
    }
    marked = {f for f, info in command.model_fields.items() if LocalPath.of_field(info)}
    assert spoken - NO_PATHS <= marked


@EVERY_VERB
def test_every_verb_transfers_files_by_fields_that_are_marked(room, name, command):
    for field, use in ((command.sends, "read"), (command.receives, "write")):
        if field:
            assert LocalPath.of_field(command.model_fields[field]) == LocalPath(use)
            assert not command.background


@EVERY_VERB
def test_every_verb_is_in_the_openapi_document(room, name, command):
    method, path = command.http()
    operation = operations()[f"/api/v1{path}"][method.lower()]
    assert operation["operationId"] == f"{room}.{name}"
    described = {each["name"] for each in operation["parameters"] if each["in"] != "header"}
    if "requestBody" in operation:
        content = operation["requestBody"]["content"]
        described |= set(content.get("application/json", NONE)["schema"]["properties"])
    assert described == set(command.model_fields) - {transfer_field(command)}


@EVERY_VERB
def test_every_verb_has_an_example_request_that_fits(room, name, command):
    values = example_of(command)
    if field := transfer_field(command):
        values[field] = "a-file"
    assert command.model_validate(values)


@EVERY_VERB
def test_every_verb_has_a_result_that_json_holds(room, name, command):
    assert TypeAdapter(command.result_type()).json_schema() is not None


@EVERY_VERB
def test_every_verb_is_in_the_reference(room, name, command):
    assert f"### {room} {name}\n" in reference("cli.md")
    assert re.search(rf"### yard\.{room}\.{name}_?\n", reference("python.md"))


def test_every_handler_has_a_verb():
    assert set(BUS.handlers) == {command for _, _, command in VERBS}


def test_no_two_verbs_share_a_route():
    routes = [command.http() for _, _, command in VERBS]
    assert len(set(routes)) == len(routes)
