"""Hooks of templates: Python that is asked before an item changes, and what it may do."""

from __future__ import annotations

import threading

import pytest
from starlette.testclient import TestClient
from tests.governed import published

import modelyard
from modelyard import errors
from modelyard.governance.items import ruling
from modelyard.kernel.identity import Identity
from modelyard.web.app import create_app

TEXT = """\
name: hooked
kind: model
fields:
  - {id: risk, type: category, options: [low, high]}
  - {id: score, type: number}
  - {id: seen, type: json}
  - {id: other, type: reference}
  - {id: report, type: file}
steps:
  - {id: assess, fields: [risk]}
  - {id: sign, signoff: {approvers: {groups: [bosses]}}}
hooks:
  - id: derive
    events: [create, update, signoff]
    seconds: 2
    code: |
      import os, time
      def hook(item, change, by):
          if change["event"] == "create":
              return {"fields": {"risk": "low"}, "message": "welcome"}
          if change["event"] == "signoff":
              (step, told), = change["signoffs"].items()
              return {"refuse": "too early"} if told["new"] == "APPROVED" else None
          wanted = (change["fields"].get("score") or {}).get("new")
          answers = {
              2: {"fields": {"risk": "high"}, "message": by["name"] + " set the score"},
              3: {"refuse": "three is not possible"},
              5: "nonsense",
              6: {"fields": {"nothing": 1}},
              7: {"fields": {"risk": "middling"}},
              8: {"fields": {"seen": sorted(os.environ)}},
              9: {"fields": {"report": {}}},
              10: {"fields": {"other": "model:risk/none"}},
              11: {1, 2},
              14: {"feilds": {}},
          }
          if wanted == 4:
              raise ValueError("four")
          if wanted == 12:
              time.sleep(60)
          if wanted == 13:
              return len(bytearray(8 << 30))
          return answers.get(wanted)
"""


@pytest.fixture(scope="module")
def yard(tmp_path_factory):
    """A workspace with a template that has a hook."""
    folder = tmp_path_factory.mktemp("hooks")
    yard = modelyard.open(folder / "yard", actor="tester")
    yard.users.create(name="root", admin=True)
    yard.users.create(name="tim")
    yard.groups.create(name="bosses", users=("tim",))
    yard.groups.create(name="designers", users=("tim",), rights=("templates:write",))
    published(yard, folder, TEXT)
    yard.projects.create(key="risk")
    yard.govern.sync()
    yard.govern.govern(item="project:risk")
    yield yard
    yard.close()


@pytest.fixture(scope="module")
def item(yard):
    yard.models.create(project="risk", name="one", prediction_type="regression")
    return yard.govern.govern(item="model:risk/one", template="hooked").id


def test_a_hook_sets_fields_when_an_item_begins(yard, item):
    assert yard.govern.show(item=item).fields == {"risk": "low"}
    told = yard.govern.timeline(item=item, attribute="fields")
    assert [(each.actor, each.new) for each in told] == [("hook derive of hooked 1", "low")]


def test_a_hook_sets_fields_beside_those_that_change(yard, item):
    after = yard.govern.set(item=item, values={"score": 2})
    assert after.warnings == ("hook derive of hooked 1: tester set the score",)
    assert {each.id: each.value for each in after.fields if each.value} == {
        "risk": "high",
        "score": 2,
    }
    yard.govern.set(item=item, values={"score": 1})


REFUSALS = [
    (3, "hook derive of hooked 1 refuses this: three is not possible"),
    (4, "failed, so nothing was changed: it raised ValueError: four"),
    (5, 'it returned "nonsense"; it may return nothing, or a dict'),
    (6, "it sets nothing, and the template has no such field"),
    (7, "it sets risk, which takes one of: low, high"),
    (9, "it sets report, and files are attached by people"),
    (10, "it sets other, which takes an item, and there is no model:risk/none"),
    (11, "which is no JSON"),
    (12, "it was stopped after 2 s"),
    (13, "failed, so nothing was changed"),
    (14, "it may return nothing, or a dict"),
]


@pytest.mark.parametrize(("score", "said"), REFUSALS)
def test_what_a_hook_refuses_or_fails_at_changes_nothing(yard, item, score, said):
    before = yard.govern.show(item=item)
    with pytest.raises(errors.Blocked, match=said):
        yard.govern.set(item=item, values={"score": score})
    assert yard.govern.show(item=item) == before


def test_no_secret_reaches_a_hook(yard, item, monkeypatch):
    monkeypatch.setenv("MODELYARD_API_KEY", "secret")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    after = yard.govern.set(item=item, values={"score": 8})
    (seen,) = (each.value for each in after.fields if each.id == "seen")
    assert not {"MODELYARD_API_KEY", "AWS_SECRET_ACCESS_KEY", "HOME_SECRET"} & set(seen)


def test_others_change_what_they_like_while_a_hook_runs(yard, item):
    """The hook hangs for two seconds, in which the same item and another one are changed."""
    yard.models.create(project="risk", name="two", prediction_type="regression")
    failed = []

    def slow():
        try:
            yard.govern.set(item=item, values={"score": 12})
        except errors.Blocked as exc:
            failed.append(exc)

    thread = threading.Thread(target=slow)
    thread.start()
    yard.govern.govern(item="model:risk/two", template="hooked")
    yard.govern.set(item="model:risk/two", values={"score": 2})
    thread.join()
    assert len(failed) == 1


def test_a_hook_is_asked_again_about_what_changed_meanwhile(yard, item, monkeypatch):
    """Whoever changes the item while its hook runs is not overwritten by what that had seen."""
    from modelyard.governance.signoffs import carrying

    asked = []
    ask = carrying.ask

    def slow(context, event, about):
        asked.append(dict(about.item.fields))
        heard = ask(context, event, about)
        if len(asked) == 1:
            monkeypatch.setattr(carrying, "ask", ask)
            yard.govern.set(item=item, values={"seen": '"meanwhile"'})
            monkeypatch.setattr(carrying, "ask", slow)
        return heard

    monkeypatch.setattr(carrying, "ask", slow)
    yard.govern.set(item=item, values={"score": 2})
    assert [each["score"] for each in asked] == [2, 2]
    assert asked[1]["seen"] == "meanwhile"
    assert yard.govern.show(item=item).fields["seen"] == "meanwhile"


def test_a_hook_refuses_a_decision(yard, item):
    boss = yard.acting(Identity("tim", "user")).govern
    yard.govern.request(item=item)
    with pytest.raises(errors.Blocked, match="too early"):
        boss.approve(item=item)
    assert yard.govern.workflow(item=item).signoffs[0].status == "WAITING_FOR_APPROVAL"
    assert boss.reject(item=item).status == "REJECTED"


def test_rules_only_suggest_what_takes_a_hook(yard):
    yard.rules.set(kind="model", action="govern", template="hooked", project="risk")
    yard.models.create(project="risk", name="three", prediction_type="regression")
    yard.govern.sync()
    found = yard.govern.show(item="model:risk/three")
    assert (found.state, found.state_from) == (
        "suggested",
        f"rule for model of risk: {ruling.HOOKED} of hooked",
    )
    assert yard.govern.sync().decided == 0
    assert [each.action for each in yard.rules.list() if each.kind == "model"] == ["govern"]
    yard.rules.unset(kind="model", project="risk")


def test_publishing_code_takes_an_admin(yard):
    text = TEXT.replace("name: hooked", "name: code")
    answers = {}
    with TestClient(create_app(yard)) as client:
        for name in ("tim", "root"):
            secret = yard.keys.create(name="k", user=name).secret
            asked = {"headers": {"Authorization": f"Bearer {secret}"}, "content": text}
            for where in ("/validate", "?draft=true", ""):
                answer = client.post(f"/api/v1/templates{where}", **asked)
                answers[name, where] = (answer.status_code, answer.json())
    assert len(answers["tim", "/validate"][1]["code"]) == 64
    for where in ("?draft=true", ""):
        assert answers["tim", where][0] == 403
        assert "takes an instance admin" in answers["tim", where][1]["detail"]
        assert answers["root", where][1]["code"] == answers["tim", "/validate"][1]["code"]


FAULTS = [
    ("def hook(item: pass", "no Python that can be read"),
    ("def other(): pass", "has no function 'hook'"),
    ("def hook(secret): pass", "takes 'secret', which it is not given"),
]


@pytest.mark.parametrize(("code", "said"), FAULTS)
def test_code_that_cannot_run_is_told_with_its_line(yard, tmp_path, code, said):
    file = tmp_path / "code.yaml"
    text = (
        TEXT.partition("hooks:")[0]
        + f"hooks:\n  - id: one\n    events: [update]\n    code: '{code}'\n"
    )
    file.write_text(text)
    with pytest.raises(errors.Invalid, match=said) as refusal:
        yard.templates.validate(file=str(file))
    assert "line 15" in refusal.value.detail


def test_a_hook_is_asked_before_something_is_deleted(yard, tmp_path):
    text = """\
name: kept
kind: initiative
fields: [{id: over, type: boolean}]
steps: [{id: one, fields: [over]}]
hooks:
  - id: keep
    events: [delete]
    code: |
      def hook(item):
          return None if item["fields"].get("over") else {"refuse": "it is not over"}
"""
    published(yard, tmp_path, text)
    item = yard.govern.create(kind="initiative", name="fast", template="kept").id
    with pytest.raises(errors.Blocked, match="it is not over"):
        yard.govern.delete(item=item)
    yard.govern.set(item=item, values={"over": True})
    assert yard.govern.delete(item=item).gone
