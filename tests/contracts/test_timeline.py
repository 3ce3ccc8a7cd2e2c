"""The timeline of governed items does the same on SQLite and on PostgreSQL."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import delete, true, update

import modelyard
from modelyard import errors
from modelyard.governance.audit_check import check_events
from modelyard.governance.items import repository, timeline
from modelyard.governance.items.merging import Kept
from modelyard.governance.items.types import Item
from modelyard.kernel.paging import ALL, Paged
from modelyard.kernel.values import now
from modelyard.store.tables import audit_entries, item_events, item_events_head

ROWS = item_events.c
ITEM = "version:flights/delay/v4"


@pytest.fixture
def yard(database_url, tmp_path, monkeypatch):
    monkeypatch.setenv("MODELYARD_DATABASE", database_url)
    yard = modelyard.open(tmp_path / "yard", actor="tester")
    yield yard
    yard.close()


@pytest.fixture
def four(yard):
    """An item with a timeline of four events."""
    told = {"project": "flights", "digest": "0" * 64, "created": now(), "changed": now()}
    told |= {"state": "governed", "fields": {f"risk.{n}": {"n": n + 1} for n in range(3)}}
    with yard.open().begin() as db:
        repository.put(db, [Kept(Item(id=ITEM, kind="version", name="v4", **told), {})], ())
        timeline.record(db, ITEM, "ada", "state", "new", "governed")
        changes = [timeline.Change(ITEM, f"fields.risk.{n}", n, {"n": n + 1}) for n in range(3)]
        timeline.record_all(db, "bob", changes)
    return yard


def listed(yard, asked=ALL, **wanted):
    with yard.open().read() as db:
        return timeline.events(db, asked, true(), **wanted)


def change(yard, *statements):
    with yard.open().begin() as db:
        for statement in statements:
            db.execute(statement)


def test_who_changed_what_is_told_the_newest_first(four):
    found = listed(four)
    assert [event.number for event in found] == [4, 3, 2, 1]
    assert (found[0].actor, found[0].attribute) == ("bob", "fields.risk.2")
    assert (found[0].old, found[0].new) == (2, {"n": 3})
    assert [each.number for each in listed(four, attribute="fields")] == [4, 3, 2]
    assert listed(four, attribute="field") == listed(four, item="version:a/b/c") == []
    assert [each.attribute for each in listed(four, actor="ada", item=ITEM)] == ["state"]
    first = listed(four, Paged(limit=3))
    assert [each.number for each in listed(four, Paged(limit=3, after=first.next))] == [1]


def test_a_whole_one_passes_and_tells_its_hash(four):
    check = four.audit.verify()
    assert check.events == 4
    assert check.timeline_head == listed(four)[0].sha256
    assert four.audit.verify(head=listed(four)[2].sha256).kept_event == 2


@pytest.mark.parametrize(
    ("statements", "said"),
    [
        ([update(item_events).where(ROWS.number == 1).values(actor="eve")],
         "event 1 was changed: actor"),
        ([update(item_events).where(ROWS.number == 2).values(at=now())],
         "event 2 was changed: at"),
        ([update(item_events).where(ROWS.number == 3).values(item="version:flights/delay/v5")],
         "event 3 was changed: item"),
        ([update(item_events).where(ROWS.number == 3).values(body="{}")],
         "event 3 was changed: its content"),
        ([delete(item_events).where(ROWS.number.in_([1, 2]))], "events 1 to 2 are missing"),
        ([delete(item_events).where(ROWS.number == 4)], "event 4 is missing .*cut off"),
        ([delete(item_events_head)], "its head is gone"),
    ],
)  # fmt: skip
def test_what_was_tampered_with_is_named(four, statements, said):
    change(four, *statements)
    wanted = f"the timeline of governed items is not as it was written: .*{said}"
    with pytest.raises(errors.Failed, match=wanted):
        four.audit.verify()


def test_faults_of_both_chains_are_told(four):
    four.projects.create(key="red")
    change(four, update(item_events).where(ROWS.number == 1).values(actor="eve"))
    change(four, update(audit_entries).values(actor="mallory"))
    with pytest.raises(errors.Failed, match=r"the audit log is not .*entry 1.* And the timeline"):
        four.audit.verify()


def test_events_that_are_cut_off_show_by_a_kept_hash(four):
    kept = four.audit.verify().timeline_head
    change(
        four,
        delete(item_events).where(ROWS.number == 4),
        update(item_events_head).values(number=3, sha256=listed(four)[1].sha256),
    )
    assert four.audit.verify().events == 3
    with pytest.raises(errors.Failed, match="kept elsewhere"):
        four.audit.verify(head=kept)


def test_events_recorded_at_once_make_one_chain(yard):
    yard.projects.list()

    def work(name):
        for number in range(5):
            with yard.open().begin() as db:
                timeline.record(db, ITEM, name, "fields.risk", number, number + 1)

    threads = [threading.Thread(target=work, args=(f"t{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert yard.audit.verify().events == 20


def test_nothing_is_recorded_of_what_is_rolled_back(yard):
    def fail():
        with yard.open().begin() as db:
            timeline.record(db, ITEM, "ada", "state", "new", "hidden")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert yard.audit.verify().events == 0


class TestRows:
    @pytest.fixture
    def item(self):
        moment = now()
        return Item(
            id="initiative:punctual",
            kind="initiative",
            name="punctual",
            created=moment,
            changed=moment,
            digest="0" * 64,
        )

    def test_an_item_comes_back_as_it_was_saved(self, yard, item):
        with yard.open().begin() as db:
            repository.put_own(db, item, is_new=True)
        later = item.model_copy(
            update={"state": "governed", "fields": {"risk": "high"}, "steps": {"a": ["b"]}}
        )
        with yard.open().begin() as db:
            assert repository.get(db, item.id, lock=True) == item
            repository.save(db, later)
        with yard.open().read() as db:
            assert repository.get(db, item.id) == later

    def test_one_that_is_not_there(self, yard, item):
        with yard.open().begin() as db:
            repository.put_own(db, item, is_new=True)
            with pytest.raises(errors.NotFound, match="initiative:punctual"):
                repository.get(db, "initiative:punctuel")


def test_what_is_told_of_an_item_is_compared_with_its_hashes(four):
    context = four.open()
    other = "project:flights"
    with context.begin() as db:
        timeline.record(db, other, "ada", "state", None, "new")
        timeline.record(db, ITEM, "ada", "version.active", False, True)
    found = _checked(four)
    assert (found.events, found.compared, found.intact, found.problem) == (5, 6, True, "")
    assert _checked(four, other).compared == 1
    assert _checked(four, most=5).intact is None
    assert _checked(four, "model:flights/none").intact
    change(four, update(item_events).where(ROWS.number == 3).values(actor="eve"))
    assert "event 3 was changed" in _checked(four).problem
    change(four, delete(item_events).where(ROWS.number == 3))
    assert _checked(four).problem == "event 3 is missing"


def _checked(yard, item=ITEM, most=100):
    with yard.open().read() as db:
        return check_events(db, item, most)
