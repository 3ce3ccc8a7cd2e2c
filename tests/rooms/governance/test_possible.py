"""What somebody can do is told beforehand, and is what happens when they try."""

from __future__ import annotations

import pytest
from tests.governed import governed, published

import modelyard
from modelyard import errors
from modelyard.kernel.identity import Identity

TEXT = """\
name: review
kind: model
fields:
  - {id: risk, type: category, options: [low, high], required: true}
  - {id: secret, type: text, editors: {users: [lea]}}
steps:
  - {id: assess, fields: [risk, secret]}
  - id: sign
    signoff:
      feedback:
        - {id: law, groups: [lawyers], required: true}
        - {id: it, groups: [its]}
      approvers: {groups: [bosses]}
  - {id: live}
"""
PEOPLE = {"cora": "coders", "lea": "lawyers", "ian": "its", "bob": "bosses"}


@pytest.fixture(scope="module")
def yard(tmp_path_factory):
    """A workspace with people, of whom cora and bob are of its project."""
    folder = tmp_path_factory.mktemp("possible")
    yard = modelyard.open(folder / "yard", actor="tester")
    published(yard, folder, TEXT)
    for name in PEOPLE:
        yard.users.create(name=name)
    for user, group in PEOPLE.items():
        yard.groups.create(name=group, users=(user,))
    yard.projects.create(key="risk")
    for name in ("cora", "bob"):
        yard.members.add(project="risk", name=name, role="contributor")
    yield yard
    yard.close()


@pytest.fixture(scope="module")
def of(yard):
    return {name: yard.acting(Identity(name, "user")).govern for name in PEOPLE}


@pytest.fixture
def item(yard, request):
    name = request.node.name.replace("_", "-")[:60]
    yard.models.create(project="risk", name=name, prediction_type="regression")
    item = governed(yard, f"model:risk/{name}", "review")
    yard.govern.set(item=item, values={"secret": "none"})
    return item


def attempts(govern, item, found):
    """What each act is tried by."""
    return {
        "set": lambda: govern.set(item=item, values={"risk": "low"}),
        "advance": lambda: govern.advance(item=item, step=found.step),
        "request_feedback": lambda: govern.request(item=item, ask="feedback"),
        "request_approval": lambda: govern.request(item=item, ask="approval"),
        "feedback": lambda: govern.feedback(item=item, verdict="APPROVED", group=found.group),
        "change": lambda: govern.withdraw(item=item, number=found.number),
        "approve": lambda: govern.approve(item=item),
        "reject": lambda: govern.reject(item=item),
        "abandon": lambda: govern.abandon(item=item),
        "delegate": lambda: govern.delegate(item=item, user="cora", group=found.group),
        "reset": lambda: govern.reset(item=item),
    }[found.act]


def refused_alike(of, item):
    """Everything that is told to be refused is refused with that reason; gives what is not."""
    can = {}
    for name, govern in of.items():
        workflow = govern.workflow(item=item)
        told = (*workflow.possible, *workflow.signoffs[0].possible)
        for each in told:
            if each.why_not:
                with pytest.raises(errors.ModelyardError) as refused:
                    attempts(govern, item, each)()
                assert each.why_not in refused.value.detail, (name, each)
        can[name] = {(each.act, each.group or each.step) for each in told if not each.why_not}
    return can


def test_what_is_refused_is_told_before_in_every_state(yard, of, item):
    writes = {("set", None), ("request_feedback", None), ("advance", None), ("advance", "assess")}
    new = refused_alike(of, item)
    assert new["cora"] == writes
    assert new["lea"] == {("set", None), ("delegate", "law")}
    assert new["bob"] == writes | {("delegate", None)}
    of["cora"].set(item=item, values={"risk": "low"})
    of["cora"].request(item=item)
    asked = refused_alike(of, item)
    assert asked["lea"] == {("set", None), ("feedback", "law"), ("delegate", "law")}
    assert asked["ian"] == {("feedback", "it"), ("delegate", "it")}
    assert ("request_approval", None) not in asked["cora"]
    of["lea"].feedback(item=item, verdict="MINOR_ISSUE")
    told = refused_alike(of, item)
    assert ("change", "law") in told["lea"]
    assert ("request_approval", None) in told["cora"]
    of["cora"].request(item=item)
    waits = refused_alike(of, item)
    assert {act for act, _ in waits["bob"]} >= {"approve", "reject", "abandon", "reset"}
    assert not {act for act, _ in waits["cora"]} & {"approve", "reject"}
    of["bob"].approve(item=item)
    done = refused_alike(of, item)
    assert done["lea"] == {("set", None)}
    assert yard.govern.workflow(item=item).stands == "approved"


def test_what_is_told_to_be_possible_happens(of, item):
    for act, step in (("set", None), ("advance", None), ("advance", "sign")):
        found = [
            each
            for each in of["cora"].workflow(item=item).possible
            if (each.act, each.step) == (act, step)
        ]
        assert found[0].why_not == ""
        attempts(of["cora"], item, found[0])()


def test_fields_that_are_for_others_are_locked(of, item):
    def locked(name):
        return {each.id for each in of[name].workflow(item=item).fields if each.locked}

    assert (locked("cora"), locked("lea")) == ({"secret"}, {"risk"})
    with pytest.raises(errors.Forbidden, match="may not set secret"):
        of["cora"].set(item=item, values={"secret": "x"})


def test_how_an_item_stands_is_one_word(yard, of, item):
    def stands(name="tester"):
        govern = yard.govern if name == "tester" else of[name]
        return govern.standing(item=item).stands

    assert yard.govern.standing(item="project:risk").stands == "new"
    assert (stands(), yard.govern.standing(item=item).signoffs) == (
        "governed",
        {"sign": "NOT_STARTED"},
    )
    of["cora"].set(item=item, values={"risk": "low"})
    of["cora"].request(item=item)
    assert stands("lea") == "in_review"
    of["lea"].feedback(item=item, verdict="APPROVED")
    of["cora"].request(item=item)
    of["bob"].reject(item=item)
    assert stands() == "rejected"
    with pytest.raises(errors.NotFound):
        of["ian"].standing(item="model:risk/none")


def test_what_can_become_of_an_item_is_told(yard, of, item):
    def can(name, item):
        return {each.act: each.why_not for each in of[name].show(item=item).possible}

    project = can("cora", "project:risk")
    assert (project["govern"], project["hide"], project["place"]) == ("", "", "")
    assert "not hidden" in project["unhide"]
    assert "goes when what it is of is deleted" in project["delete"]
    yard.models.create(project="risk", name="plain", prediction_type="regression")
    yard.govern.sync()
    assert "project:risk, which is not governed yet" in can("cora", "model:risk/plain")["govern"]
    with pytest.raises(errors.NotFound) as refused:
        of["lea"].hide(item=item)
    assert can("lea", item)["hide"] == refused.value.detail
    yard.govern.hide(item="model:risk/plain")
    assert can("cora", "model:risk/plain")["unhide"] == ""
    yard.models.delete(project="risk", name="plain")
    gone = {each.act: each.why_not for each in yard.govern.show(item="model:risk/plain").possible}
    assert all("was deleted" in gone[act] for act in ("govern", "hide", "unhide", "place"))
