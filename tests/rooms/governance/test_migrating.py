"""Items come from one version of their template to another, and lose nothing that was said."""

from __future__ import annotations

import pytest
from tests.governed import governed, published

import modelyard
from modelyard import errors
from modelyard.governance.signoffs.migrating import Way
from modelyard.governance.templates.reading import parse_template
from modelyard.governance.templates.types import Move
from modelyard.kernel.identity import Identity

FIRST = """\
name: NAME
kind: model
fields:
  - {id: risk, type: category, options: [low, middle, high]}
  - {id: owner, type: text}
  - {id: old, type: text}
steps:
  - {id: assess, fields: [risk, owner]}
  - {id: sign, signoff: {approvers: {groups: [bosses]}, requester_may_approve: true}}
  - {id: live}
"""
SECOND = """\
name: NAME
version: 2
kind: model
fields:
  - {id: danger, type: category, options: [small, middle, large]}
  - {id: owner, type: text, longest: 10}
  - {id: region, type: text}
steps:
  - {id: assess, fields: [danger, owner]}
  - {id: audit}
  - {id: approval, signoff: {approvers: {groups: [bosses]}, requester_may_approve: true}}
  - {id: live}
moves:
  - before: 1
    fields: {risk: danger}
    steps: {sign: approval}
    values: {danger: {low: small, high: large}}
    fill: {region: EU}
    drop: [old]
"""


@pytest.fixture(scope="module")
def yard(tmp_path_factory):
    yard = modelyard.open(tmp_path_factory.mktemp("migrating") / "yard", actor="tester")
    yield yard
    yard.close()


@pytest.fixture
def template(yard, tmp_path, request):
    """The name of a template of the test's own, of which there are two versions."""
    name = request.node.name.replace("_", "-")[:60]
    published(yard, tmp_path, FIRST.replace("NAME", name))
    yield name
    yard.templates.archive(name=name, version=1)


def item_of(yard, template, number, **values):
    yard.models.create(name=f"{template}-{number}", prediction_type="regression")
    item = governed(yard, f"model:default/{template}-{number}", template)
    yard.govern.set(item=item, values=values)
    return item


def second(yard, folder, template, text=SECOND):
    published(yard, folder, text.replace("NAME", template))


def values(yard, item):
    found = yard.govern.workflow(item=item).fields
    return {field.id: field.value for field in found if field.value is not None}


def test_values_steps_and_sign_offs_come_along(yard, template, tmp_path):
    one = item_of(yard, template, 1, risk="high", owner="ada", old="gone")
    two = item_of(yard, template, 2, risk="middle")
    yard.govern.advance(item=one, step="sign")
    yard.govern.request(item=one)
    yard.govern.approve(item=one)
    yard.govern.advance(item=one, step="live")
    second(yard, tmp_path, template)
    way = {"name": template, "from_version": 1, "to_version": 2}
    looked = yard.templates.migrate(**way, dry_run=True)
    assert yard.govern.workflow(item=one).version == 1
    told = {each.item: each for each in looked.items}
    assert set(told) == {one, two}
    assert (told[one].changed, told[one].dropped) == (("danger", "region"), ("old",))
    done = yard.templates.migrate(**way)
    assert done.items == looked.items
    assert yard.templates.migrate(**way).items == ()
    found = yard.govern.workflow(item=one)
    assert values(yard, one) == {"danger": "large", "owner": "ada", "region": "EU"}
    assert values(yard, two) == {"danger": "middle", "region": "EU"}
    assert {step.id: step.status for step in found.steps} == {
        "assess": "FINISHED", "audit": "SKIPPED", "approval": "FINISHED", "live": "ONGOING",
    }  # fmt: skip
    assert (found.version, found.signoffs[0].reason) == (2, "what it was about changed")
    events = {each.attribute: each.new for each in reversed(yard.govern.timeline(item=one))}
    assert yard.govern.intact(item=one).intact
    assert (events["template_version"], events["fields.danger"]) == (2, "large")


def test_an_approval_of_the_same_values_stays(yard, template, tmp_path):
    item = item_of(yard, template, 1, risk="high")
    yard.govern.request(item=item)
    approved = yard.govern.approve(item=item)
    same = f"version: 2\n{FIRST}".replace("id: sign,", "id: signed,")
    second(yard, tmp_path, template, f"{same}moves: [{{before: 1, steps: {{sign: signed}}}}]\n")
    yard.templates.migrate(name=template, from_version=1, to_version=2)
    found = yard.govern.workflow(item=item).signoffs[0]
    assert (found.step, found.status, found.digest) == ("signed", "APPROVED", approved.digest)
    assert yard.govern.reset(item=item).status == "NOT_STARTED"


def test_if_one_cannot_go_none_does(yard, template, tmp_path):
    one = item_of(yard, template, 1, owner="ada")
    two = item_of(yard, template, 2, owner="a name that is too long", old="words")
    second(yard, tmp_path, template, SECOND.replace("    drop: [old]\n", ""))
    way = {"name": template, "from_version": 1, "to_version": 2}
    problems = yard.templates.migrate(**way, dry_run=True).items[1].problems
    assert problems[0].startswith("old has a value and no place")
    assert problems[1].startswith("owner takes 10 letters at most")
    with pytest.raises(errors.Conflict, match=f"nothing was migrated.*{two}: old has a value"):
        yard.templates.migrate(**way)
    assert [yard.govern.workflow(item=item).version for item in (one, two)] == [1, 1]
    yard.govern.set(item=two, values={"owner": "bob", "old": None})
    assert len(yard.templates.migrate(**way).items) == 2


def test_only_forward_to_what_is_active_by_who_may(yard, template, tmp_path):
    file = tmp_path / "draft.yaml"
    file.write_text(SECOND.replace("NAME", template))
    yard.templates.publish(file=str(file), draft=True)
    way = {"name": template, "from_version": 1}
    with pytest.raises(errors.Conflict, match="2 is draft; only to what is active"):
        yard.templates.migrate(**way, to_version=2)
    with pytest.raises(errors.Invalid, match="1 is not later than 1"):
        yard.templates.migrate(**way, to_version=1)
    with pytest.raises(errors.NotFound, match="has no version 9; there are: 1, 2"):
        yard.templates.migrate(**way, to_version=9)
    yard.users.create(name="ada")
    with pytest.raises(errors.Forbidden, match="templates:write"):
        yard.acting(Identity("ada", "user")).templates.migrate(**way, to_version=2)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("NNN", "NNNN"),
        ("ONN", "ONNN"),
        ("FON", "FSON"),
        ("FFO", "FSFO"),
        ("FFF", "FSFF"),
        ("FSF", "FSSF"),
    ],
)
def test_what_is_before_the_step_under_way_is_done(before, after):
    words = {"N": "NOT_STARTED", "O": "ONGOING", "F": "FINISHED", "S": "SKIPPED"}
    template = parse_template(SECOND.encode(), "second.yaml")
    way = Way(template, template.moves[0])
    steps = dict(zip(("assess", "sign", "live"), (words[each] for each in before), strict=True))
    found = way.of_steps(steps)
    assert [found[step.id] for step in template.steps] == [words[each] for each in after]


def test_a_step_that_is_gone_leaves_its_item_before_the_next():
    template = parse_template(SECOND.encode(), "second.yaml")
    found = Way(template, Move(before=1)).of_steps({"assess": "FINISHED", "sign": "ONGOING"})
    assert list(found.values()) == ["FINISHED", "NOT_STARTED", "NOT_STARTED", "NOT_STARTED"]
