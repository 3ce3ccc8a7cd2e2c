"""Every guarded command compares what it changes with what its caller saw, on both databases."""

from __future__ import annotations

import re

import pytest

import modelyard
from modelyard import errors
from modelyard.jobs.scenarios.types import Step
from modelyard.kernel.etags import tag_of_value
from modelyard.verbs import CATALOG, Verbs

GUARDED = [f"{room}.{name}" for room, name, command in Verbs.commands() if command.guarded]


def shape(command):
    """Where it is, whatever its fields are called."""
    return re.sub(r"{\w+}", "{}", command.http()[1])


SHOWN_BY = {
    shape(command): command
    for _, _, command in Verbs.commands()
    if command.http()[0] == "GET" and command.http()[1].endswith("}")
}


def test_what_can_be_seen_is_guarded_and_nothing_else():
    changes = {
        name
        for name, command in CATALOG.items()
        if command.http()[0] in {"PATCH", "PUT", "DELETE"} and shape(command) in SHOWN_BY
    }
    assert set(GUARDED) == changes


@pytest.fixture
def things(database_url, tmp_path, monkeypatch):
    """A workspace with one of everything that is cheap to make, and how each is named."""
    monkeypatch.setenv("MODELYARD_DATABASE", database_url)
    yard = modelyard.open(tmp_path / "yard")
    yard.projects.create(key="risk")
    yard.models.create(project="risk", name="churn", prediction_type="other")
    yard.connections.create(project="risk", name="place", path=str(tmp_path))
    (tmp_path / "a.csv").write_text("a\n1\n")
    yard.files.put(project="risk", file=str(tmp_path / "a.csv"))
    yard.datasets.create(project="risk", name="rows", path=str(tmp_path / "a.csv"))
    step = Step(command="datasets.show", arguments={"dataset": "rows"})
    yard.scenarios.create(project="risk", name="nightly", steps=(step,), cron="0 4 1 1 *")
    yard.users.create(name="ada")
    yard.groups.create(name="analysts", users=("ada",))
    yield yard, {"key": "risk", "project": "risk", "file": str(tmp_path / "a.csv")}
    yard.close()


THINGS = {
    "models": "churn",
    "connections": "place",
    "projects": "risk",
    "datasets": "rows",
    "files": "a.csv",
    "scenarios": "nightly",
    "users": "ada",
    "groups": "analysts",
}
CHANGES = {"force": True, "replace": True, "description": "new", "display_name": "new"}


@pytest.mark.parametrize("name", [n for n in GUARDED if n.split(".")[0] in THINGS])
def test_a_stale_tag_changes_nothing(things, name):
    yard, names = things
    mine = THINGS[name.split(".")[0]]
    command, shown = CATALOG[name], SHOWN_BY[shape(CATALOG[name])]

    def named(kind):
        return {f: names.get(f, mine) for f in re.findall(r"{(\w+)}", kind.http()[1])}

    given = named(command)
    change = {f: value for f, value in {**CHANGES, **names}.items() if f in command.model_fields}
    change = {f: value for f, value in change.items() if f not in given}
    show = shown.model_validate(named(shown))
    seen = yard.run(show)

    stale = yard.acting(yard.identity, expected=frozenset({'"other"'}))
    with pytest.raises(errors.Conflict, match="changed since"):
        stale.run(CATALOG.fill(name, {**given, **change}))
    assert yard.run(show) == seen

    fresh = yard.acting(yard.identity, expected=frozenset({tag_of_value(seen)}))
    fresh.run(CATALOG.fill(name, {**given, **change}))
