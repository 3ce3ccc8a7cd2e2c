"""Governed items are filled in, and go from step to step."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.governed import governed, published

import modelyard
from modelyard import errors
from modelyard.governance.signoffs.workflow import DONE, Course, moved
from modelyard.governance.templates.reading import parse_template
from modelyard.kernel.identity import Identity

TEXT = """\
name: review
kind: model
fields:
  - {id: risk, type: category, options: [low, high], required: true}
  - {id: reason, title: Why, type: text, required: true, visible_if: {field: risk, equals: high}}
  - {id: seen, type: reference, kinds: [model], templates: [review], several: true}
  - {id: budget, type: number, editors: {groups: [treasurers]}}
  - {id: live, type: date}
steps:
  - {id: assess, title: Assessment, fields: [risk, reason]}
  - {id: extra, optional: true}
  - {id: audit, visible_if: {field: risk, equals: high}}
  - id: sign
    visible_if: {none_of: [{field: budget, below: 10}]}
    signoff: {approvers: {groups: [bosses]}}
  - {id: live, title: Live, fields: [live]}
editors: {groups: [stewards]}
"""
TEMPLATE = parse_template(TEXT.encode(), "review.yaml")
IDS = [step.id for step in TEMPLATE.steps]


def course(steps=None, signoff="NOT_STARTED", **fields):
    return Course(TEMPLATE, fields, steps or {}, {"sign": signoff})


def statuses(found):
    return [found.status_of(each) for each in IDS]


def test_one_goes_from_step_to_step():
    begun = moved(course(risk="high", reason="we must"), None).course
    assert statuses(begun) == ["ONGOING", *["NOT_STARTED"] * 4]
    assert begun.status == "Assessment"
    audited = moved(moved(begun, None).course, None).course
    assert statuses(audited)[:3] == ["FINISHED", "FINISHED", "ONGOING"]
    over = moved(begun, "audit").course
    assert statuses(over)[:3] == ["FINISHED", "SKIPPED", "ONGOING"]
    signing = moved(over, None).course
    with pytest.raises(errors.Blocked, match="sign is not finished: its sign-off is not started"):
        moved(signing, None)
    live = moved(course(signing.steps, "APPROVED", risk="high", reason="we must"), None).course
    ended = moved(live, None).course
    assert (ended.status, ended.is_finished) == ("finished", True)
    with pytest.raises(errors.Conflict, match="all of its steps are finished"):
        moved(ended, None)
    back = moved(ended, "extra").course
    assert statuses(back) == ["FINISHED", "ONGOING", "NOT_STARTED", "NOT_STARTED", "NOT_STARTED"]


def test_what_is_not_shown_is_passed_over_with_a_warning_where_it_is_signed():
    cheap = moved(course(risk="low", budget=1), "live")
    assert statuses(cheap.course) == ["FINISHED", "SKIPPED", "SKIPPED", "SKIPPED", "ONGOING"]
    assert cheap.warnings == ("sign is passed over without its sign-off: it is not shown",)
    with pytest.raises(errors.Conflict, match="the step audit is not shown"):
        moved(course(risk="low"), "audit")


@pytest.mark.parametrize(
    ("fields", "to", "said"),
    [
        ({}, "extra", "Assessment is not finished: it needs risk"),
        ({"risk": "high"}, "live", "Assessment is not finished: it needs Why"),
        ({"risk": "low"}, "live", "sign is not finished: its sign-off is not started"),
    ],
)
def test_what_is_lacking_is_told(fields, to, said):
    with pytest.raises(errors.Blocked, match=said):
        moved(course(**fields), to)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "risk": st.sampled_from(["low", "high"]),
            "reason": st.just("so"),
            "budget": st.integers(1, 20),
        },
    ),
    st.sampled_from(["NOT_STARTED", "APPROVED", "REJECTED"]),
    st.lists(st.sampled_from([None, *IDS]), max_size=8),
)
def test_on_every_way_one_step_is_under_way_and_all_before_it_are_done(fields, signoff, ways):
    here = course(signoff=signoff, **fields)
    for to in ways:
        try:
            here = moved(here, to).course
        except (errors.Blocked, errors.Conflict):
            continue
        found = statuses(here)
        place = found.index("ONGOING") if "ONGOING" in found else len(found)
        assert all(each in DONE for each in found[:place])
        assert set(found[place + 1 :]) <= {"NOT_STARTED"}
        assert here.is_finished == (place == len(found))
        signed = here.status_of("sign") == "FINISHED"
        assert not signed or signoff == "APPROVED" or found.index("ONGOING") < IDS.index("sign")


@pytest.fixture(scope="module")
def yard(tmp_path_factory):
    """A workspace with a template, and people of different rights."""
    folder = tmp_path_factory.mktemp("workflow")
    yard = modelyard.open(folder / "yard", actor="tester")
    published(yard, folder, TEXT)
    for name, group in (("cora", ""), ("rita", ""), ("tom", "treasurers"), ("stu", "stewards")):
        yard.users.create(name=name)
        if group:
            yard.groups.create(name=group, users=(name,))
    yard.groups.create(name="bosses")
    yard.projects.create(key="risk")
    yard.members.add(project="risk", name="cora", role="contributor")
    yard.members.add(project="risk", name="rita", role="reader")
    yard.members.add(project="risk", name="tom", role="contributor")
    yield yard
    yard.close()


@pytest.fixture
def item(yard, request):
    """A model of the test's own that is governed."""
    name = request.node.name.replace("_", "-")[:60]
    yard.models.create(project="risk", name=name, prediction_type="regression")
    return governed(yard, f"model:risk/{name}", "review")


def as_user(yard, name):
    return yard.acting(Identity(name, "user")).govern


def test_values_are_kept_and_told(yard, item):
    found = yard.govern.set(item=item, values={"risk": "high", "live": "2026-05-01"})
    told = {field.id: field for field in found.fields}
    assert (told["risk"].value, told["risk"].step) == ("high", "assess")
    assert (told["reason"].visible, told["reason"].missing) == (True, True)
    assert found.steps[0].missing == ("reason",)
    emptied = yard.govern.set(item=item, values={"live": None, "risk": "low"})
    told = {field.id: field for field in emptied.fields}
    assert (told["live"].value, told["reason"].visible) == (None, False)
    events = [(each.attribute, each.old, each.new) for each in yard.govern.timeline(item=item)]
    assert ("fields.risk", "high", "low") in events
    assert ("fields.live", "2026-05-01", None) in events
    assert yard.govern.workflow(item=item) == emptied


@pytest.mark.parametrize(
    ("values", "error", "said"),
    [
        ({"risk": "huge", "live": "soon"}, errors.Invalid, "risk takes one of.*; live takes a day"),
        ({"nothing": 1}, errors.NotFound, "no field 'nothing'"),
        ({"seen": "model:risk/none"}, errors.Invalid, "there is no model:risk/none"),
        ({"seen": "project:risk"}, errors.Invalid, "an item of the kind model"),
        ({"seen": ["model:risk/bare"]}, errors.Invalid, "model:risk/bare is not governed"),
    ],
)
def test_of_values_that_are_not_taken_none_is_kept(yard, values, error, said):
    for name in ("bare", "taken"):
        if f"model:risk/{name}" not in {each.id for each in yard.govern.items(kind="model")}:
            yard.models.create(project="risk", name=name, prediction_type="regression")
    yard.govern.sync()
    item = governed(yard, "model:risk/taken", "review")
    with pytest.raises(error, match=said):
        yard.govern.set(item=item, values={"budget": 3, **values})
    assert all(field.value is None for field in yard.govern.workflow(item=item).fields)
    yard.govern.set(item=item, values={"seen": [item]})
    yard.govern.set(item=item, values={"seen": None})


def test_steps_are_kept_and_told(yard, item):
    yard.govern.set(item=item, values={"risk": "low", "budget": 1})
    found = yard.govern.advance(item=item, step="live")
    assert [step.status for step in found.steps] == ["FINISHED", *["SKIPPED"] * 3, "ONGOING"]
    assert [step.visible for step in found.steps] == [True, True, False, False, True]
    assert len(found.warnings) == 1
    assert yard.govern.show(item=item).status == "Live"
    events = [each.attribute for each in yard.govern.timeline(item=item, attribute="steps")]
    assert sorted(events) == sorted(f"steps.{step}" for step in IDS)
    with pytest.raises(errors.NotFound, match="no step 'lve'"):
        yard.govern.advance(item=item, step="lve")
    with pytest.raises(errors.Conflict, match="under way already"):
        yard.govern.advance(item=item, step="live")


def test_only_those_fill_an_item_in_who_may(yard, item):
    with pytest.raises(errors.Forbidden, match="contributors of the project risk"):
        as_user(yard, "rita").set(item=item, values={"risk": "low"})
    as_user(yard, "cora").set(item=item, values={"risk": "low"})
    as_user(yard, "stu").set(item=item, values={"risk": "high"})
    with pytest.raises(errors.Forbidden, match="cora may not set budget"):
        as_user(yard, "cora").set(item=item, values={"budget": 5})
    as_user(yard, "tom").set(item=item, values={"budget": 5})
    with pytest.raises(errors.Forbidden):
        as_user(yard, "rita").advance(item=item)
    with pytest.raises(errors.Unauthenticated):
        as_user(yard, "nobody").advance(item=item)


def test_nothing_is_asked_of_what_is_not_governed(yard):
    yard.models.create(project="risk", name="plain", prediction_type="regression")
    yard.govern.sync()
    for call in (yard.govern.advance, yard.govern.workflow):
        with pytest.raises(errors.Conflict, match="model:risk/plain is not governed"):
            call(item="model:risk/plain")
    with pytest.raises(errors.NotFound, match="no item 'model:risk/none'"):
        yard.govern.advance(item="model:risk/none")


def test_nothing_changes_of_what_was_deleted(yard, item):
    yard.models.delete(project="risk", name=item.rpartition("/")[2])
    with pytest.raises(errors.Conflict, match="was deleted, so nothing of it changes"):
        yard.govern.set(item=item, values={"risk": "low"})
