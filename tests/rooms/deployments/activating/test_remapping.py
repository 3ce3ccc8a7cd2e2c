"""Connections by other names."""

from __future__ import annotations

from modelyard.deployments.activating.remapping import remapped, written

NAMES = {"in": "out", "out": "in"}


def test_names_are_changed_wherever_they_stand_and_nowhere_else():
    row = {
        "name": "in",
        "connection": "in",
        "body": {
            "command": {"input": "connection://in/a.csv", "output": "connection://out/in"},
            "note": "connection in",
            "tables": ["connection://in", "connection://inn/x", "in"],
            "dataset": {"connection": "out", "path": "in"},
        },
    }
    assert remapped("recipes", row, NAMES) == {
        "name": "in",
        "connection": "out",
        "body": {
            "command": {"input": "connection://out/a.csv", "output": "connection://in/in"},
            "note": "connection in",
            "tables": ["connection://out", "connection://inn/x", "in"],
            "dataset": {"connection": "in", "path": "in"},
        },
    }
    assert remapped("evaluations", row, NAMES) == row
    assert remapped("recipes", row, {}) == row


def test_what_is_written_is_known():
    recipe = {"body": {"command": {"input": "connection://a/x", "output": "connection://b/x"}}}
    assert list(written("recipes", recipe, {})) == ["b"]
    into = {"body": {"command": {"input": "x", "output": "sink", "metrics_output": None}}}
    assert list(written("recipes", into, {"sink": "c"})) == ["c"]
    steps = [{"arguments": {"output": "connection://d/y"}}, {"arguments": {"name": "x"}}]
    assert list(written("scenarios", {"body": {"steps": steps}}, {})) == ["d"]
    assert list(written("datasets", recipe, {})) == []
