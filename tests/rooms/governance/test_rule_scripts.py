"""Rules that are scripts: Python that says of each new item what is to become of it."""

from __future__ import annotations

import pytest
from tests.governed import published

import modelyard
from modelyard import errors
from modelyard.kernel.identity import Identity

TEXT = """\
name: scored
kind: model
fields: [{id: risk, type: category, options: [low, high]}]
steps: [{id: assess, fields: [risk]}]
"""
CODE = """\
def decide(item):
    name = item["name"]
    if name == "broken":
        raise ValueError("no idea")
    return {
        "plain": {"action": "govern", "template": "scored", "fields": {"risk": "high"}},
        "advised": {"action": "govern", "template": "scored", "status": "SUGGESTED"},
        "trial": {"action": "hide"},
        "odd": {"action": "fly"},
        "unfit": {"action": "govern", "template": "scored", "fields": {"risk": "middling"}},
        "elsewhere": {"action": "govern", "template": "standard-bundle"},
        "strange": {"action": "govern", "template": "scored", "fields": {"risky": 1}},
    }.get(name, {"action": "nothing"})
"""
STATES = {
    "plain": ("governed", "rule for model of risk"),
    "advised": ("suggested", "rule for model of risk"),
    "trial": ("hidden", "rule for model of risk"),
    "other": ("new", ""),
    "broken": ("new", "rule for model of risk: it raised ValueError: no idea"),
    "odd": ("new", "it has to return a dict with an action"),
    "unfit": ("new", "it sets risk, which takes one of: low, high"),
    "elsewhere": ("new", "is for items of the kind bundle"),
    "strange": ("new", "it sets risky, which is no field of scored"),
}


@pytest.fixture(scope="module")
def yard(tmp_path_factory):
    """A workspace in whose project a script decided about some models."""
    folder = tmp_path_factory.mktemp("scripts")
    yard = modelyard.open(folder / "yard", actor="tester")
    published(yard, folder, TEXT)
    yard.users.create(name="cora")
    yard.projects.create(key="risk")
    yard.members.add(project="risk", name="cora", role="admin")
    for name in STATES:
        yard.models.create(project="risk", name=name, prediction_type="regression")
    yard.govern.sync()
    yard.govern.govern(item="project:risk")
    yard.rules.set(kind="model", action="script", project="risk", code=CODE)
    yield yard
    yard.close()


@pytest.mark.parametrize("name", STATES)
def test_an_item_becomes_what_the_script_says_with_its_origin(yard, name):
    found = yard.govern.show(item=f"model:risk/{name}")
    state, origin = STATES[name]
    assert found.state == state
    assert origin in found.state_from
    assert found.fields == ({"risk": "high"} if name == "plain" else {})


def test_a_script_is_asked_once_and_again_when_it_is_another(yard):
    assert yard.govern.sync().decided == 0
    yard.rules.set(kind="model", action="script", project="risk", code=CODE.replace("broken", "x"))
    assert yard.govern.show(item="model:risk/broken").state_from == ""
    code = "def decide(item):\n    while True:\n        pass\n"
    yard.rules.set(kind="model", action="script", project="risk", code=code, seconds=1)
    found = yard.govern.show(item="model:risk/broken")
    assert (found.state, found.state_from) == (
        "new", "rule for model of risk: it was stopped after 1 s",
    )  # fmt: skip
    assert yard.govern.show(item="model:risk/plain").state == "governed"


PROBLEMS = [
    ({"action": "script"}, "give both or none"),
    ({"action": "hide", "code": CODE}, "give both or none"),
    ({"action": "script", "code": "def decide("}, "no Python that can be read"),
    ({"action": "script", "code": "def other(item): pass"}, "no function 'decide'"),
    ({"action": "script", "code": "def decide(key): pass"}, "takes 'key'"),
    ({"action": "script", "code": CODE, "template": "scored"}, "only what is to be governed"),
]


@pytest.mark.parametrize(("asked", "said"), PROBLEMS)
def test_a_script_that_could_not_decide_is_refused(yard, asked, said):
    with pytest.raises(errors.Invalid, match=said):
        yard.rules.set(kind="bundle", **asked)
    with pytest.raises(errors.NotFound):
        yard.rules.set(kind="bundle", action="script", code=CODE, env="nowhere")


def test_a_script_takes_an_instance_admin(yard):
    with pytest.raises(errors.Forbidden, match="takes an instance admin"):
        yard.acting(Identity("cora", "user")).rules.set(
            kind="bundle", action="script", project="risk", code=CODE
        )
