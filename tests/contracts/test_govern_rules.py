"""Rules decide about items about which nobody decided, on SQLite and on PostgreSQL."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, select
from tests.governed import published

import modelyard
from modelyard import errors
from modelyard.kernel.identity import Identity
from modelyard.store.tables import govern_rules

PROJECT, MODEL, OTHER = "project:red", "model:red/churn", "model:red/trial"
TEMPLATE = """
name: light
version: 1
kind: model
title: Light
fields: [{id: risk, type: text}]
steps: [{id: describe, fields: [risk]}]
"""


@pytest.fixture
def yard(database_url, tmp_path, monkeypatch):
    monkeypatch.setenv("MODELYARD_DATABASE", database_url)
    monkeypatch.setenv("MODELYARD_GOVERNANCE__EVERY", "0.001")
    yard = modelyard.open(tmp_path / "yard", actor="tester")
    yard.projects.create(key="red")
    for name in ("churn", "trial"):
        yard.models.create(project="red", name=name, prediction_type="binary_classification")
    yield yard
    yard.close()


def states(yard):
    every = [*yard.govern.items(project="red"), *yard.govern.items(project="red", state="hidden")]
    return {item.id: (item.state, item.state_from) for item in every}


def test_children_follow_once_what_they_belong_to_is_governed(yard):
    yard.rules.set(kind="model", action="govern")
    said = "rule for model of the instance"
    assert states(yard) == {
        PROJECT: ("new", ""), MODEL: ("suggested", said), OTHER: ("suggested", said),
    }  # fmt: skip
    yard.rules.set(kind="project", action="govern")
    found = states(yard)
    assert found[PROJECT] == ("governed", "rule for project of the instance")
    assert found[MODEL] == ("governed", said)
    assert yard.govern.show(item=MODEL).template == "standard-model"
    assert [each.actor for each in yard.govern.timeline(item=MODEL, attribute="state")] == [
        said, said, "modelyard",
    ]  # fmt: skip
    yard.models.create(project="red", name="later", prediction_type="regression")
    assert states(yard)["model:red/later"] == ("governed", said)
    assert yard.govern.sync().decided == 0


def test_the_nearest_rule_holds_and_what_people_decided_stays(yard, tmp_path):
    light = published(yard, tmp_path, TEMPLATE)
    yard.govern.govern(item=PROJECT)
    yard.govern.hide(item=OTHER)
    yard.rules.set(kind="model", action="govern", template=light, project="red")
    yard.rules.set(kind="model", action="hide")
    assert states(yard)[MODEL] == ("governed", "rule for model of red")
    assert yard.govern.show(item=MODEL).template == "light"
    assert states(yard)[OTHER] == ("hidden", "tester")
    yard.rules.unset(kind="model", project="red")
    assert states(yard)[MODEL][0] == "governed"
    yard.govern.unhide(item=OTHER)
    assert states(yard)[OTHER] == ("hidden", "rule for model of the instance")
    assert [(each.project, each.action) for each in yard.rules.list()] == [(None, "hide")]


def test_what_is_only_suggested_is_new_again_without_its_rule(yard):
    yard.rules.set(kind="project", action="suggest")
    assert states(yard)[PROJECT][0] == "suggested"
    assert yard.govern.govern(item=PROJECT).state == "governed"
    yard.rules.set(kind="model", action="suggest", project="red")
    assert states(yard)[MODEL][0] == "suggested"
    yard.rules.unset(kind="model", project="red")
    assert states(yard)[MODEL] == ("new", "")


def test_what_begins_by_a_template_that_is_archived_is_suggested_with_the_reason(yard, tmp_path):
    yard.govern.govern(item=PROJECT)
    name = published(yard, tmp_path, TEMPLATE)
    yard.templates.archive(name=name, version=1)
    with pytest.raises(errors.ModelyardError, match="archived"):
        yard.rules.set(kind="model", action="govern", template=name)
    yard.rules.set(kind="model", action="govern")
    with yard.open().begin() as db:
        row = dict(db.execute(select(govern_rules)).mappings().one())
        db.execute(insert(govern_rules).values({**row, "project": "red", "template": name}))
    yard.models.create(project="red", name="later", prediction_type="regression")
    state, origin = states(yard)["model:red/later"]
    assert state == "suggested"
    assert "archived" in origin
    assert yard.govern.sync().decided == 0


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"kind": "initiative", "action": "govern"}, "governed from their beginning"),
        ({"kind": "project", "action": "govern", "project": "red"}, "no project is in a project"),
        (
            {"kind": "model", "action": "hide", "project": "red", "model": "churn"},
            "for its versions",
        ),
        ({"kind": "version", "action": "hide", "model": "churn"}, "name the project"),
        ({"kind": "model", "action": "hide", "template": "standard-model"}, "has a template"),
        (
            {"kind": "model", "action": "govern", "template": "standard-project"},
            "of the kind project",
        ),
    ],
)
def test_rules_that_hold_for_nothing_are_refused(yard, rule, said):
    with pytest.raises(errors.Invalid, match=said):
        yard.rules.set(**rule)
    assert yard.rules.list() == []


def test_who_may_set_them_and_what_goes_with_a_project(yard):
    yard.users.create(name="ada")
    yard.members.add(project="red", name="ada", role="contributor")
    ada = yard.acting(Identity("ada", "user"))
    with pytest.raises(errors.Forbidden, match="an instance admin, or a group"):
        ada.rules.set(kind="model", action="hide")
    ada.rules.set(kind="model", action="suggest", project="red")
    with pytest.raises(errors.NotFound, match="no such rule"):
        ada.rules.unset(kind="version", project="red")
    yard.projects.delete(key="red", force=True)
    assert yard.rules.list() == []
    gone = yard.govern.items(project="red", gone=True)
    assert len(gone) == 3
    assert yard.govern.timeline(item=PROJECT)[0].actor == "tester"
