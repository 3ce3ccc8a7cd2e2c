"""Items are governed, hidden and placed, on SQLite and on PostgreSQL."""

from __future__ import annotations

import threading

import pytest

import modelyard
from modelyard import errors
from modelyard.kernel.identity import Identity

PROJECT, MODEL = "project:red", "model:red/churn"
FRAUD, CARDS = "initiative:fraud", "governed-project:cards"


@pytest.fixture
def yard(database_url, tmp_path, monkeypatch):
    monkeypatch.setenv("MODELYARD_DATABASE", database_url)
    monkeypatch.setenv("MODELYARD_GOVERNANCE__EVERY", "0.001")
    yard = modelyard.open(tmp_path / "yard", actor="tester")
    yard.projects.create(key="red")
    yard.models.create(project="red", name="churn", prediction_type="binary_classification")
    yield yard
    yard.close()


def states(yard, **wanted):
    return {item.id: item.state for item in yard.govern.items(project="red", **wanted)}


def told(yard, item):
    events = yard.govern.timeline(item=item)
    return [(each.actor, each.attribute, each.old, each.new) for each in reversed(events)]


class TestGoverning:
    def test_parents_come_before_children(self, yard):
        with pytest.raises(errors.Conflict, match=f"belongs to {PROJECT}, which is not governed"):
            yard.govern.govern(item=MODEL)
        yard.govern.govern(item=PROJECT)
        found = yard.govern.govern(item=MODEL, template="standard-model")
        assert (found.state, found.state_from, found.template) == (
            "governed", "tester", "standard-model",
        )  # fmt: skip
        assert found.template_version == 1
        assert set(found.steps.values()) == {"NOT_STARTED"}
        assert told(yard, MODEL) == [
            ("modelyard", "state", None, "new"),
            ("tester", "state", "new", "governed"),
            ("tester", "template", None, "standard-model"),
            ("tester", "template_version", None, 1),
        ]
        assert states(yard, state="governed") == {MODEL: "governed", PROJECT: "governed"}
        yard.models.update(project="red", name="churn", description="calm")
        assert yard.govern.show(item=MODEL).state == "governed"  # facts leave the layer alone

    def test_what_cannot_be_governed(self, yard):
        yard.govern.sync()
        for item, template, error, said in (
            (PROJECT, "standard-model", errors.Invalid, "for items of the kind model"),
            (PROJECT, "nothing", errors.NotFound, "no template"),
            ("project:blue", None, errors.NotFound, "no item 'project:blue'"),
            ("model:red/chum", None, errors.NotFound, "model:red/churn"),
        ):
            with pytest.raises(error, match=said):
                yard.govern.govern(item=item, template=template)
        yard.govern.govern(item=PROJECT)
        with pytest.raises(errors.Conflict, match="governed already, by standard-project"):
            yard.govern.govern(item=PROJECT)
        yard.govern.govern(item=MODEL)
        yard.models.delete(project="red", name="churn")
        with pytest.raises(errors.Conflict, match=f"what {MODEL} is of was deleted"):
            yard.govern.hide(item=MODEL)

    def test_of_two_at_once_one_is_told(self, yard):
        yard.govern.items()
        ends = []

        def work():
            try:
                ends.append(yard.govern.govern(item=PROJECT).state)
            except errors.Conflict as exc:
                ends.append(exc.code)

        threads = [threading.Thread(target=work) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(ends) == ["conflict", "governed"]


class TestHiding:
    def test_what_belongs_to_it_is_hidden_with_it_and_comes_back(self, yard):
        yard.govern.hide(item=PROJECT)
        assert states(yard) == {}
        assert states(yard, state="hidden") == {MODEL: "hidden", PROJECT: "hidden"}
        yard.models.create(project="red", name="later", prediction_type="regression")
        assert states(yard) == {}
        with pytest.raises(errors.Conflict, match=f"was hidden with {PROJECT}; unhide that"):
            yard.govern.unhide(item="model:red/later")
        with pytest.raises(errors.Conflict, match=f"is hidden; unhide {PROJECT} first"):
            yard.govern.govern(item=MODEL)
        yard.govern.unhide(item=PROJECT)
        assert set(states(yard).values()) == {"new"}
        assert len(states(yard)) == 3

    def test_what_was_hidden_by_itself_stays_so(self, yard):
        yard.govern.hide(item=MODEL)
        yard.govern.hide(item=PROJECT)
        yard.govern.unhide(item=PROJECT)
        assert states(yard) == {PROJECT: "new"}
        assert told(yard, MODEL)[-1] == ("tester", "state", "new", "hidden")

    def test_what_cannot_be_hidden_or_shown(self, yard):
        with pytest.raises(errors.Conflict, match="is not hidden; it is new"):
            yard.govern.unhide(item=MODEL)
        yard.govern.hide(item=MODEL)
        with pytest.raises(errors.Conflict, match="is hidden already, by tester"):
            yard.govern.hide(item=MODEL)
        yard.govern.govern(item=PROJECT)
        with pytest.raises(errors.Conflict, match="what is governed is not hidden"):
            yard.govern.hide(item=PROJECT)


class TestPlacing:
    @pytest.fixture
    def placed(self, yard):
        yard.govern.create(kind="initiative", name="fraud", description="catch it")
        yard.govern.create(kind="project", name="cards", under=FRAUD)
        return yard

    def test_projects_belong_to_governed_projects_and_these_to_initiatives(self, placed):
        placed.govern.place(item=PROJECT, under=CARDS)
        assert [each.id for each in placed.govern.items(under=FRAUD)] == [CARDS]
        assert [each.id for each in placed.govern.items(under=CARDS)] == [PROJECT]
        assert told(placed, PROJECT)[-1] == ("tester", "parent", None, CARDS)
        assert placed.govern.show(item=FRAUD).facts == {"initiative": {"description": "catch it"}}
        assert placed.govern.items(search="catch")[0].state == "governed"
        assert placed.govern.place(item=PROJECT).parent is None

    def test_circles_are_refused(self, placed):
        placed.govern.create(kind="initiative", name="safety")
        placed.govern.place(item=FRAUD, under="initiative:safety")
        with pytest.raises(errors.Conflict, match="which belongs to it already"):
            placed.govern.place(item="initiative:safety", under=FRAUD)
        with pytest.raises(errors.Conflict, match="cannot belong to itself"):
            placed.govern.place(item=FRAUD, under=FRAUD)
        placed.govern.create(kind="project", name="payments", under=CARDS)
        with pytest.raises(errors.Conflict, match=f"{CARDS} holds governed-project:payments"):
            placed.govern.place(item=CARDS, under="governed-project:payments")

    def test_what_cannot_be_placed(self, placed):
        for item, under, error, said in (
            (MODEL, CARDS, errors.Invalid, "which follows from what it is"),
            (PROJECT, FRAUD, errors.Invalid, "under the kind governed-project, and not under init"),
            (PROJECT, "governed-project:x", errors.NotFound, "no item 'governed-project:x'"),
        ):
            with pytest.raises(error, match=said):
                placed.govern.place(item=item, under=under)

    def test_one_that_holds_nothing_can_be_deleted_and_made_anew(self, placed):
        with pytest.raises(errors.Conflict, match=f"{FRAUD} holds {CARDS}"):
            placed.govern.delete(item=FRAUD)
        with pytest.raises(errors.Invalid, match="goes when what it is of is deleted"):
            placed.govern.delete(item=PROJECT)
        with pytest.raises(errors.Conflict, match="there is a governed-project 'cards' already"):
            placed.govern.create(kind="project", name="cards")
        placed.govern.delete(item=CARDS)
        assert placed.govern.sync().changed == 0
        assert placed.govern.show(item=CARDS).gone
        assert placed.govern.create(kind="project", name="cards").gone is None
        assert placed.govern.show(item=CARDS).parent is None
        assert placed.audit.verify().events > 8


class TestRights:
    def test_contributors_decide_in_their_projects_and_a_group_besides(self, yard):
        for name in ("ada", "bob", "cleo"):
            yard.users.create(name=name)
        yard.members.add(project="red", name="ada", role="reader")
        yard.members.add(project="red", name="bob", role="contributor")
        yard.groups.create(name="office", users=("cleo",), rights=("govern:write",))
        ada, bob, cleo = (yard.acting(Identity(each, "user")) for each in ("ada", "bob", "cleo"))
        with pytest.raises(errors.Forbidden, match="govern:write"):
            ada.govern.govern(item=PROJECT)
        with pytest.raises(errors.NotFound, match="there is no project 'red'"):
            cleo.govern.govern(item=PROJECT)
        assert bob.govern.govern(item=PROJECT).state_from == "bob"
        with pytest.raises(errors.Forbidden, match="an instance admin, or a group"):
            bob.govern.create(kind="initiative", name="fraud")
        assert cleo.govern.create(kind="initiative", name="fraud").state_from == "cleo"
        outcomes = [
            (each.actor, each.outcome) for each in yard.audit.list(action="govern", limit=4)
        ]
        assert outcomes == [
            ("cleo", "ok"), ("bob", "forbidden"), ("bob", "ok"), ("cleo", "not_found"),
        ]  # fmt: skip
