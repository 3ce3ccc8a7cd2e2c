"""Roles on governed items: who sees, sets and decides what, by which rules."""

from __future__ import annotations

import pytest
from tests.governed import governed, published

import modelyard
from modelyard import errors
from modelyard.kernel.identity import Identity

TEXT = """\
name: priced
kind: model
fields:
  - {id: risk, type: category, options: [low, high]}
  - {id: price, type: number}
  - {id: owner, type: text, several: true}
  - {id: contract, type: file}
steps:
  - {id: assess, fields: [risk, price, owner]}
  - id: sign
    signoff:
      feedback: [{id: law, groups: [lawyers]}]
      approvers: {groups: [bosses]}
views:
  - id: glance
    parts:
    - risk
    - {title: Money, parts: [price]}
    - {title: High, visible_if: {field: risk, equals: high}, parts: [owner]}
  - {id: secret, parts: [price, contract]}
roles:
  - {id: reader, reads: {all_but: [price, contract]}}
  - {id: contributor, reads: {all_but: [price, contract]}, writes: {all_but: [price]}}
  - id: treasurer
    may: [read, write]
    writes: {only: [price, contract]}
    given:
      - {groups: [treasurers], only_if: {field: risk, equals: high}}
      - {named_in: owner}
  - {id: final-approver, given: [{users: [fay]}]}
  - {id: reviewer-law, given: [{users: [fay]}]}
"""
PEOPLE = {"rita": "", "cora": "", "tom": "treasurers", "bob": "bosses", "fay": "", "una": "others"}


@pytest.fixture(scope="module")
def yard(tmp_path_factory):
    """A workspace with a template that keeps the price back; rita and cora are of the project."""
    folder = tmp_path_factory.mktemp("roles")
    yard = modelyard.open(folder / "yard", actor="tester")
    published(yard, folder, TEXT)
    for name in PEOPLE:
        yard.users.create(name=name)
    for group in {*PEOPLE.values(), "lawyers"} - {""}:
        yard.groups.create(name=group, users=tuple(u for u, g in PEOPLE.items() if g == group))
    yard.projects.create(key="risk")
    for name, role in (("rita", "reader"), ("cora", "contributor")):
        yard.members.add(project="risk", name=name, role=role)
    yield yard
    yard.close()


@pytest.fixture
def item(yard, request):
    """A governed model of the test's own, which has a price."""
    name = request.node.name.replace("_", "-")[:60]
    yard.models.create(project="risk", name=name, prediction_type="regression")
    item = governed(yard, f"model:risk/{name}", "priced")
    yard.govern.set(item=item, values={"risk": "low", "price": 4711})
    return item


def of(yard, name):
    return yard.acting(Identity(name, "user")).govern


def test_what_is_kept_from_somebody_is_in_no_answer(yard, item, tmp_path):
    file = tmp_path / "contract.txt"
    file.write_text("4711 each")
    yard.govern.attach(item=item, field="contract", file=str(file))
    rita = of(yard, "rita")
    answers = [
        rita.show(item=item), rita.workflow(item=item), *rita.timeline(item=item, limit=None),
        *rita.timeline(limit=None), *rita.items(limit=None),
    ]  # fmt: skip
    text = " ".join(each.model_dump_json() for each in answers)
    assert "4711" not in text
    assert "contract.txt" not in text
    assert '"risk"' in text
    assert set(rita.show(item=item).fields) == {"risk"}
    assert not any(each.digest or each.current for each in rita.workflow(item=item).signoffs)
    assert {each.attribute for each in rita.timeline(item=item, attribute="fields")} == {
        "fields.risk"
    }
    for asked in ("contract", "contract"):
        with pytest.raises(errors.Forbidden, match="may not read contract"):
            rita.download(item=item, field=asked, output=str(tmp_path / "copy"))
    yard.govern.set(item=item, values={"contract": None})
    with pytest.raises(errors.Forbidden, match="may not read contract"):
        rita.download(item=item, field="contract", output=str(tmp_path / "copy"))
    whole = yard.govern.workflow(item=item).signoffs[0]
    assert whole.current
    assert yard.govern.show(item=item).fields["price"] == 4711


def test_views_hold_what_one_may_read_and_no_empty_containers(yard, item):
    def laid_out(who):
        views = who.workflow(item=item).views
        return [(each.id, list(each.fields), len(each.parts)) for each in views]

    rita = of(yard, "rita")
    assert laid_out(rita) == [("glance", ["risk"], 1), ("assess", ["risk", "owner"], 2)]
    yard.govern.set(item=item, values={"risk": "high"})
    assert laid_out(rita)[0] == ("glance", ["risk", "owner"], 2)
    assert laid_out(yard.govern)[:2] == [
        ("glance", ["risk", "price", "owner"], 3),
        ("secret", ["price", "contract"], 2),
    ]


def test_one_sets_what_a_role_lets_one_set(yard, item):
    cora = of(yard, "cora")
    after = cora.set(item=item, values={"risk": "low", "owner": "una"})
    assert {each.id for each in after.fields} == {"risk", "owner"}
    with pytest.raises(errors.Forbidden, match="cora may not set price"):
        cora.set(item=item, values={"risk": "high", "price": 1})
    assert yard.govern.show(item=item).fields["risk"] == "low"
    with pytest.raises(errors.Forbidden, match="rita may not change"):
        of(yard, "rita").set(item=item, values={"risk": "high"})
    with pytest.raises(errors.NotFound):
        of(yard, "tom").show(item=item)
    yard.govern.set(item=item, values={"risk": "high"})
    assert of(yard, "tom").show(item=item).fields["price"] == 4711
    of(yard, "tom").set(item=item, values={"price": 1})
    with pytest.raises(errors.Forbidden, match="tom may not set risk"):
        of(yard, "tom").set(item=item, values={"risk": "low"})
    of(yard, "una").set(item=item, values={"price": 2})  # whom the field owner names


def test_roles_let_somebody_decide_and_give_feedback(yard, item):
    fay = of(yard, "fay")
    of(yard, "cora").request(item=item, step="sign")
    assert [(task.asked, task.group) for task in fay.tasks() if task.item == item] == [
        ("feedback", "law")
    ]
    fay.feedback(item=item, verdict="APPROVED")
    of(yard, "cora").request(item=item)
    assert fay.approve(item=item).status == "APPROVED"
    with pytest.raises(errors.Forbidden):
        fay.advance(item=item)


def test_roles_are_given_on_the_whole_instance_and_taken_back(yard, item):
    una = of(yard, "una")
    with pytest.raises(errors.NotFound):
        una.show(item=item)
    number = yard.roles.give(role="reader", group="others", project="risk", kind="model").number
    assert yard.roles.give(
        role="reader", group="others", project="risk", kind="model"
    ).number == number  # fmt: skip
    assert set(una.show(item=item).fields) == {"risk"}
    assert item in {each.id for each in una.items(limit=None)}
    told = una.may(item=item)
    assert (told.may, told.reads) == (("read",), ("owner", "risk")[::-1])
    assert [each.because for each in told.roles] == [f"given to the group others (number {number})"]
    assert [each.number for each in una_roles(yard).given()] == [number]
    with pytest.raises(errors.Forbidden, match="una may ask what they may do themselves"):
        una.may(item=item, user="rita")
    assert yard.govern.may(item=item, user="una").roles == told.roles
    yard.roles.take(number=number)
    with pytest.raises(errors.NotFound):
        una.may(item=item)
    with pytest.raises(errors.NotFound, match=f"no role was given as number {number}"):
        yard.roles.take(number=number)


def una_roles(yard):
    return yard.acting(Identity("una", "user")).roles


def test_a_role_may_let_somebody_govern_and_hide(yard):
    yard.models.create(project="risk", name="fresh", prediction_type="regression")
    yard.govern.sync()
    una = of(yard, "una")
    with pytest.raises(errors.NotFound):
        una.hide(item="model:risk/fresh")
    yard.roles.give(role="project-manager", user="una", kind="model")
    una.hide(item="model:risk/fresh")
    assert una.unhide(item="model:risk/fresh").state == "new"
    with pytest.raises(errors.Forbidden, match="may not decide about initiative:mine"):
        una.create(kind="initiative", name="mine")
    yard.roles.give(role="project-manager", user="una", kind="initiative")
    assert una.create(kind="initiative", name="mine").state == "governed"
    yard.users.delete(name="una")
    assert not [each for each in yard.roles.given() if each.name == "una"]
    yard.users.create(name="una")


def test_a_key_has_roles_that_its_user_has_not_and_none_elsewhere(yard, item):
    key = yard.keys.create(name="k", user="bob").id
    narrow = yard.keys.create(name="n", user="bob", projects=("risk",)).id
    yard.projects.create(key="other")
    elsewhere = yard.keys.create(name="e", user="bob", projects=("other",)).id
    for each in (key, narrow, elsewhere):
        yard.roles.give(role="treasurer", key=each)
    seen = {}
    for each in (key, narrow, elsewhere):
        govern = yard.acting(Identity("bob", "key", "", each)).govern
        try:
            seen[each] = govern.show(item=item).fields.get("price")
        except errors.NotFound:
            seen[each] = None
    assert seen == {key: 4711, narrow: 4711, elsewhere: None}


PROBLEMS = [
    ({"role": "readr", "user": "una"}, errors.NotFound, "reader"),
    ({"role": "reader", "user": "unna"}, errors.NotFound, "unna"),
    ({"role": "reader", "group": "nobody"}, errors.NotFound, "group"),
    ({"role": "reader", "key": "0123"}, errors.NotFound, "key"),
    ({"role": "reader"}, errors.Invalid, "say to whom"),
    ({"role": "reader", "user": "una", "everyone": True}, errors.Invalid, "one of user, group"),
    ({"role": "reader", "everyone": True, "version": 1}, errors.Invalid, "name that as well"),
    ({"role": "reader", "everyone": True, "template": "pricd"}, errors.NotFound, "priced"),
    (
        {"role": "reader", "everyone": True, "template": "priced", "values": {"prise": 1}},
        errors.NotFound, "price",
    ),
    (
        {"role": "reader", "everyone": True, "template": "priced", "step": "sing"},
        errors.NotFound, "sign",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "error", "said"), PROBLEMS)
def test_a_role_that_cannot_be_given_is_refused(yard, asked, error, said):
    with pytest.raises(error, match=said):
        yard.roles.give(**asked)


FAULTS = [
    ("- {id: boss}", "no role 'boss' comes with Modelyard"),
    ("- {id: reader, reads: {all_but: [prise]}}", "no field 'prise'"),
    ("- {id: reader, reads: {all_but: [risk], only: [risk]}}", "all_but or only, not both"),
    ("- {id: reader, given: [{}]}", "say to whom"),
    ("- {id: reader, given: [{named_in: risky, everyone: true}]}", "no field 'risky'"),
    ("- {id: reader, given: [{named_in: price}]}", "price is of the type number"),
    ("- {id: reader, given: [{everyone: true, only_if: {field: rsk, equals: low}}]}", "'rsk'"),
    ("- {id: reader, given: [{everyone: true, only_if: {signoff: sign, status: APPROVED}}]}",
     "by fields and steps, not by sign-offs"),
    ("- {id: reviewer-it}", "no feedback group 'it'"),
    ("- {id: reader}\n  - {id: reader}", "there are two roles 'reader'"),
    ("- {id: reader, may: [fly]}", "may"),
]  # fmt: skip


@pytest.mark.parametrize(("roles", "said"), FAULTS)
def test_roles_of_templates_that_are_wrong_are_told_with_their_line(yard, tmp_path, roles, said):
    file = tmp_path / "template.yaml"
    file.write_text(TEXT.partition("roles:")[0] + "roles:\n  " + roles + "\n")
    with pytest.raises(errors.Invalid, match=said) as refusal:
        yard.templates.validate(file=str(file))
    assert "line" in refusal.value.detail
