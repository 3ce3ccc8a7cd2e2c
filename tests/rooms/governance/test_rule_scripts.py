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
        "childless": {"action": "nothing", "children": {"bundle": {"action": "hide"}}},
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
    "childless": ("new", "children of the kind bundle, and a model has none"),
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


CHILDREN = """\
def decide(item):
    if item["name"] != "family":
        return {"action": "nothing"}
    told = {"model": {"action": "%s", "template": "scored"}, "bundle": {"action": "suggest"}}
    return {"action": "nothing", "children": told}
"""
OF_CHILDREN = "rule for project of the instance, which says it of what belongs to project:family"


def test_a_script_says_what_becomes_of_what_belongs_to_an_item(yard):
    """Of what was decided about by hand as well; a rule for just the project comes before."""
    yard.projects.create(key="family")
    yard.models.create(project="family", name="son", prediction_type="regression")
    yard.govern.sync()
    yard.govern.govern(item="project:family")
    yard.rules.set(kind="model", action="nothing")
    yard.rules.set(kind="project", action="script", code=CHILDREN % "govern")
    found = yard.govern.show(item="model:family/son")
    assert (found.state, found.template, found.state_from) == ("governed", "scored", OF_CHILDREN)
    assert yard.govern.timeline(item=found.id, attribute="state")[0].actor == OF_CHILDREN
    yard.rules.set(kind="project", action="script", code=CHILDREN % "suggest")
    yard.models.create(project="family", name="daughter", prediction_type="regression")
    yard.govern.sync()
    daughter = "model:family/daughter"
    assert yard.govern.show(item=daughter).state_from == OF_CHILDREN
    yard.rules.set(kind="model", action="hide", project="family")
    assert yard.govern.show(item=daughter).state == "hidden"
    yard.models.create(project="family", name="uncle", prediction_type="regression")
    for kind, project in (("model", "family"), ("project", None), ("model", None)):
        yard.rules.unset(kind=kind, project=project)
    assert yard.govern.show(item="model:family/uncle").state == "new"


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
