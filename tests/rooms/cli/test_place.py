"""Where a command is carried out: what was typed, what the environment says, and both."""

from __future__ import annotations

import json

import click
import pytest

import modelyard
from modelyard import errors
from modelyard.cli.main import main
from modelyard.cli.place import Place, chosen_place, place_options
from modelyard.kernel.progress import silence

THERE = "http://127.0.0.1:9"


def chosen(*words):
    """The place that words name."""
    command = click.Command("x", params=place_options(), callback=chosen_place)
    return command.main(words, standalone_mode=False)


@pytest.mark.parametrize(
    ("words", "environ", "place"),
    [
        ((), {}, Place()),
        (("--workspace", "a"), {}, Place("a", typed=("--workspace", "a"))),
        ((), {"WORKSPACE": "a"}, Place("a")),
        (("--url", THERE), {}, Place(url=THERE, typed=("--url", THERE))),
        ((), {"URL": THERE}, Place(url=THERE)),
        (("--url", THERE), {"WORKSPACE": "a"}, Place(url=THERE, typed=("--url", THERE))),
        (("--workspace", "a"), {"URL": THERE}, Place("a", typed=("--workspace", "a"))),
        (
            ("--api-key-file", "k"),
            {"URL": THERE},
            Place(url=THERE, key_file="k", typed=("--api-key-file", "k")),
        ),
    ],
)
def test_what_is_typed_goes_before_the_environment(monkeypatch, words, environ, place):
    for name, value in environ.items():
        monkeypatch.setenv(f"MODELYARD_{name}", value)
    assert chosen(*words) == place


@pytest.mark.parametrize(
    ("words", "environ", "said"),
    [
        (("--url", THERE, "--workspace", "a"), {}, "exclude each other"),
        ((), {"WORKSPACE": "a", "URL": THERE}, "are both set; say by --workspace or --url"),
        (("--api-key-file", "k"), {}, "name that by --url"),
        (("--api-key-file", "k", "--workspace", "a"), {"URL": THERE}, "name that by --url"),
    ],
)
def test_what_names_no_place(monkeypatch, capsys, words, environ, said):
    for name, value in environ.items():
        monkeypatch.setenv(f"MODELYARD_{name}", value)
    with pytest.raises(SystemExit) as end:
        main(["models", "list", *words, "--json"])
    problem = json.loads(capsys.readouterr().err)
    assert (end.value.code, problem["code"]) == (2, "invalid")
    assert said in problem["detail"]


def test_commands_that_are_said_work_in_the_same_place():
    typed = Place("a b", typed=("--workspace", "a b"))
    assert typed.command("jobs", "show", "1") == "modelyard jobs show 1 --workspace 'a b'"


def test_a_key_from_a_file(tmp_path, monkeypatch):
    monkeypatch.setenv("MODELYARD_API_KEY", "another")
    file = tmp_path / "key"
    file.write_text("mdy_1\n")
    client = Place(url=THERE, key_file=str(file)).open(silence)
    assert isinstance(client, modelyard.Client)
    assert client.address.api_key == "mdy_1"
    for content, said in ((b"\n", "is empty"), (b"\xff", "cannot be read"), (None, "cannot be")):
        file.unlink() if content is None else file.write_bytes(content)
        with pytest.raises(errors.Invalid, match=said):
            Place(url=THERE, key_file=str(file)).open(silence)


def test_no_option_takes_a_key_as_a_word(capsys):
    with pytest.raises(SystemExit) as end:
        main(["models", "list", "--url", THERE, "--api-key", "mdy_1"])
    assert end.value.code == 2
    assert "mdy_1" not in capsys.readouterr().err
