"""Sign-offs when much happens at once, on SQLite and on PostgreSQL."""

from __future__ import annotations

import json
import threading

import pytest
from sqlalchemy import select, update
from tests.governed import governed, published

import modelyard
from modelyard import errors
from modelyard.governance.items.repository import get
from modelyard.governance.signoffs import errands
from modelyard.governance.signoffs.access import asked_of
from modelyard.kernel.identity import Identity
from modelyard.store.tables import governed_items, signoffs

TEXT = """\
name: review
kind: model
fields:
  - {id: risk, type: category, options: [low, high], required: true}
  - {id: notes, type: text}
steps:
  - {id: assess, fields: [risk]}
  - id: sign
    signoff:
      feedback:
        - {id: law, title: Law, groups: [lawyers], required: true}
        - {id: it, title: IT, groups: [its]}
      approvers: {groups: [bosses]}
      recurring: {every: 1, unit: years}
  - {id: live}
"""
ITEM = "model:risk/churn"
PEOPLE = {
    "cora": "coders", "lea": "lawyers", "ian": "its", "bob": "bosses", "ben": "bosses", "eve": "",
}  # fmt: skip


@pytest.fixture
def yard(database_url, tmp_path, monkeypatch):
    """A governed model whose risk is known, and people; only cora is of its project."""
    monkeypatch.setenv("MODELYARD_DATABASE", database_url)
    yard = modelyard.open(tmp_path / "yard", actor="tester")
    for name, group in PEOPLE.items():
        yard.users.create(name=name)
        if group and name != "ben":
            yard.groups.create(name=group, users=(name,))
    yard.groups.update(name="bosses", add=("ben",))
    yard.projects.create(key="risk")
    yard.members.add(project="risk", name="cora", role="contributor")
    yard.members.add(project="risk", name="bob", role="contributor")
    yard.models.create(project="risk", name="churn", prediction_type="regression")
    governed(yard, ITEM, published(yard, tmp_path, TEXT))
    yard.govern.set(item=ITEM, values={"risk": "low"})
    yield yard
    yard.close()


@pytest.fixture
def of(yard):
    """What the users see of governance, by their names."""
    return {name: yard.acting(Identity(name, "user")).govern for name in PEOPLE}


def ready(of):
    """Bring the sign-off so far that it waits for approval; gives it."""
    of["cora"].request(item=ITEM)
    of["lea"].feedback(item=ITEM, verdict="MINOR_ISSUE", comment="mind the law")
    return of["cora"].request(item=ITEM)


def told(yard, attribute="signoffs"):
    found = yard.govern.timeline(item=ITEM, attribute=attribute)
    return [(each.actor, each.attribute, each.new) for each in reversed(found)]


def test_of_two_who_approve_at_once_one_is_told_that_it_is_done(of):
    ready(of)
    came, start = [], threading.Barrier(2)

    def approve(name):
        start.wait()
        try:
            came.append(of[name].approve(item=ITEM).decided_by)
        except errors.Conflict as exc:
            came.append(exc.detail)

    threads = [threading.Thread(target=approve, args=(name,)) for name in ("bob", "ben")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    winner, loser = sorted(came, key=len)
    assert f"it is APPROVED already, by {winner} at" in loser


def test_what_rooms_tell_ends_an_approval_too(yard, of):
    ready(of)
    of["bob"].approve(item=ITEM)
    _told_otherwise(yard)
    assert errands.settle_due(yard.open()) == 1
    assert errands.settle_due(yard.open()) == 0
    assert ("modelyard", "signoffs.sign.status", "NOT_STARTED") in told(yard)
    of["cora"].request(item=ITEM)
    assert len(of["lea"].tasks()) == 1
    _told_otherwise(yard, "2")
    assert of["lea"].tasks() == []  # it is about what is no more


def _told_otherwise(yard, digit="1"):
    """As if a room had told something else of it."""
    of = governed_items.c
    with yard.open().begin() as db:
        db.execute(update(governed_items).where(of.id == ITEM).values(digest=digit * 64))


def _forge_round(yard, **told):
    """Write into the sign-off what nobody said."""
    of = signoffs.c
    with yard.open().begin() as db:
        body = json.loads(db.scalar(select(of.body).where(of.item == ITEM, of.current)))
        values = {"body": json.dumps(body | told), "status": told.get("status", body["status"])}
        db.execute(update(signoffs).where(of.item == ITEM, of.current).values(values))


def _forge_item(yard, **values):
    with yard.open().begin() as db:
        db.execute(update(governed_items).where(governed_items.c.id == ITEM).values(values))


def _forged_steps(yard):
    with yard.open().read() as db:
        return asked_of(db, get(db, ITEM)).forged


def test_what_people_did_is_what_its_timeline_says(yard, of):
    ready(of)
    of["bob"].approve(item=ITEM, comment="x" * 300)
    of["cora"].advance(item=ITEM)
    assert yard.govern.intact(item=ITEM).intact
    of["cora"].reset(item=ITEM, reload=True)
    ready(of)
    of["ben"].reject(item=ITEM)
    of["cora"].request(item=ITEM)
    yard.govern.set(item=ITEM, values={"risk": "high", "notes": "y" * 300})
    assert yard.govern.intact(item=ITEM).intact
    assert yard.audit.verify().events


@pytest.mark.parametrize(
    ("told", "named"),
    [
        ({"status": "NOT_STARTED"}, "status"),
        ({"decided_by": "ben"}, "decided_by"),
        ({"requested_by": "eve"}, "requested_by"),
        ({"digest": "1" * 64}, "digest"),
        ({"opinions": [{"number": 1, "group": "law", "by": "lea", "verdict": "APPROVED"}]},
         "feedback.1"),
    ],
)  # fmt: skip
def test_a_sign_off_that_was_changed_in_the_database_is_named(yard, of, told, named):
    ready(of)
    of["bob"].approve(item=ITEM)
    _forge_round(yard, **told)
    said = f"{ITEM} is not what its timeline says: signoffs.sign.{named}"
    with pytest.raises(errors.Failed, match=said):
        yard.audit.verify()
    found = yard.govern.intact(item=ITEM)
    assert (found.intact, found.problem) == (False, said)


def test_an_approval_that_nobody_gave_is_none(yard, of):
    digest = ready(of).digest
    assert _forged_steps(yard) == frozenset()
    decided = {"decided_by": "bob", "decided": "2026-01-01T00:00:00Z", "digest": digest}
    _forge_round(yard, status="APPROVED", **decided)
    assert _forged_steps(yard) == {"sign"}
    with pytest.raises(errors.Failed, match=r"signoffs\.sign\.status, signoffs\.sign\.decided_by"):
        yard.audit.verify()


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"fields": '{"risk": "low", "notes": "seen"}'}, "fields.notes"),
        ({"fields": "{}"}, "fields.risk"),
        ({"steps": '{"assess": "FINISHED", "sign": "NOT_STARTED", "live": "NOT_STARTED"}'},
         "steps.assess"),
        ({"status": "live"}, "status"),
        ({"state": "hidden"}, "state"),
        ({"template": "standard-model"}, "template"),
        ({"template_version": 7}, "template_version"),
    ],
)  # fmt: skip
def test_an_item_that_was_changed_in_the_database_is_named(yard, values, named):
    _forge_item(yard, **values)
    with pytest.raises(errors.Failed, match=f"{ITEM} is not what its timeline says: {named}"):
        yard.audit.verify()


def test_an_approval_of_fields_that_were_changed_beside_its_timeline_is_none(yard, of):
    ready(of)
    of["bob"].approve(item=ITEM)
    assert _forged_steps(yard) == frozenset()
    _forge_item(yard, fields='{"risk": "low", "notes": "seen"}')
    assert _forged_steps(yard) == {"sign"}
