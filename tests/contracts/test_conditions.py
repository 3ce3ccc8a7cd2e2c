"""Every guarded command compares what it changes with what its caller saw, on both databases."""

from __future__ import annotations

import re

import pytest

import modelyard
from modelyard import errors
from modelyard.kernel.etags import tag_of_value
from modelyard.verbs import CATALOG, Verbs

GUARDED = [f"{room}.{name}" for room, name, command in Verbs.commands() if command.guarded]
SHOWN_BY = {
    command.http()[1]: f"{room}.{name}"
    for room, name, command in Verbs.commands()
    if command.http()[0] == "GET"
}


def test_only_what_can_be_seen_is_guarded():
    for name in GUARDED:
        method, path = CATALOG[name].http()
        assert method in {"PATCH", "PUT", "DELETE"}
        assert path in SHOWN_BY


@pytest.fixture
def things(database_url, tmp_path, monkeypatch):
    """A workspace with one of everything that is cheap to make, and how each is named."""
    monkeypatch.setenv("MODELYARD_DATABASE", database_url)
    yard = modelyard.open(tmp_path / "yard")
    yard.projects.create(key="risk")
    yard.models.create(project="risk", name="churn", prediction_type="other")
    yard.connections.create(project="risk", name="place", path=str(tmp_path))
    names = {"key": "risk", "project": "risk", "model": "churn"}
    yield yard, names, {"models": "churn", "connections": "place", "projects": "risk"}
    yard.close()


@pytest.mark.parametrize(
    "name", [n for n in GUARDED if n.split(".")[0] in {"models", "connections", "projects"}]
)
def test_a_stale_tag_changes_nothing(things, name):
    yard, names, mine = things
    room = name.split(".")[0]
    command = CATALOG[name]
    path = command.http()[1]
    given = {field: names.get(field, mine[room]) for field in re.findall(r"{(\w+)}", path)}
    change = {"description": "new"} if command.http()[0] == "PATCH" else {}
    if "force" in command.model_fields:
        change["force"] = True
    show = CATALOG.fill(SHOWN_BY[path], given)
    seen = yard.run(show)

    stale = yard.acting(yard.identity, expected=frozenset({'"other"'}))
    with pytest.raises(errors.Conflict, match="changed since"):
        stale.run(CATALOG.fill(name, {**given, **change}))
    assert yard.run(show) == seen

    fresh = yard.acting(yard.identity, expected=frozenset({tag_of_value(seen)}))
    fresh.run(CATALOG.fill(name, {**given, **change}))
