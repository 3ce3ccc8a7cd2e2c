"""Sign-offs when much happens at once, on SQLite and on PostgreSQL."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import update
from tests.governed import governed, published

import modelyard
from modelyard import errors
from modelyard.governance.signoffs import errands
from modelyard.kernel.identity import Identity
from modelyard.store.tables import governed_items

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
