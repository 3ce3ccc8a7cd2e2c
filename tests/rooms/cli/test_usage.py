"""What cannot be read of a command line: click's words for people, a document for scripts."""

from __future__ import annotations

import json

import pytest

from modelyard.cli.main import main

SCORE = ("scoring", "run", "churn", "--input", "a.csv")


def told(capsys, *words):
    with pytest.raises(SystemExit) as end:
        main(words)
    out, err = capsys.readouterr()
    assert out == ""
    assert end.value.code == 2
    return err


@pytest.mark.parametrize(
    ("words", "detail", "context"),
    [
        ((*SCORE, "--output", "b.csv", "--treshold", "1"), "--threshold", {"given": "--treshold"}),
        (SCORE, "Missing option '--output'", {"parameter": "--output"}),
        (("scoring", "run"), "Missing argument 'MODEL'", {"parameter": "model"}),
        ((*SCORE, "--mode", "x"), "'restructured', 'direct'", {"parameter": "--mode"}),
        ((*SCORE, "--workers", "x"), "not a valid integer", {"parameter": "--workers"}),
        (("models", "lst"), "'list'", {"given": "lst"}),
        (("models", "list", "x"), "unexpected extra argument", {}),
        (("models", "create", "m"), "binary_classification, multiclass", {}),
        ((), "No such option", {"given": "--json"}),
        (("versions", "update", "m", "v", "--interpretation", "{"), "cannot be read as JSON", None),
        (("versions", "import", "m", "v", "s", "--classes", '"a,b'), "--classes", None),
    ],
)
def test_a_script_gets_a_document(capsys, words, detail, context):
    problem = json.loads(told(capsys, *words, "--json"))
    assert problem.keys() == {"code", "detail", "context"}
    assert problem["code"] == "invalid"
    assert detail in problem["detail"]
    if context is not None:
        assert context.items() <= problem["context"].items()


def test_people_get_words(capsys):
    said = told(capsys, *SCORE, "--treshold", "1")
    assert "Usage:" in said
    assert "Did you mean '--threshold'?" in said


def test_json_after_the_end_of_options_is_a_word(capsys):
    assert "unexpected extra argument" in told(capsys, "models", "show", "m", "--", "--json")
