"""Notifications on SQLite and on PostgreSQL: many workers at once, and one that is killed."""

from __future__ import annotations

import threading
import time

import pytest
from sqlalchemy import select
from tests.forks import Fork
from tests.governed import governed, published
from tests.rooms.monitoring.receivers import web_hook

import modelyard
from modelyard.governance.notifying import delivering, outbox
from modelyard.governance.notifying.noticing import notice
from modelyard.kernel.identity import Identity
from modelyard.store.tables import notification_messages as messages

TEXT = """\
name: review
kind: model
steps:
  - id: sign
    signoff: {approvers: {groups: [bosses]}}
"""
ITEM = "model:risk/churn"


@pytest.fixture
def hook():
    with web_hook() as found:
        yield found


@pytest.fixture
def yard(database_url, tmp_path, monkeypatch, hook):
    """A governed model, of which bob is told by a webhook at once."""
    monkeypatch.setenv("MODELYARD_DATABASE", database_url)
    monkeypatch.setenv("MODELYARD_ALERTS__WEBHOOKS", '["127.0.0.0/8"]')
    yard = modelyard.open(tmp_path / "yard", actor="tester")
    yard.users.create(name="bob")
    yard.groups.create(name="bosses", users=("bob",))
    yard.projects.create(key="risk")
    yard.models.create(project="risk", name="churn", prediction_type="regression")
    governed(yard, ITEM, published(yard, tmp_path, TEXT))
    yard.acting(Identity("bob", "user")).govern.notify(webhook=hook.url, digest=0)
    yield yard
    yard.close()


def test_what_many_workers_notice_at_once_is_told_once(yard, hook):
    yard.govern.request(item=ITEM)
    context, start = yard.open(), threading.Barrier(4)

    def work():
        start.wait()
        notice(context)
        delivering.deliver(context)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(yard.govern.notifications(user="bob")) == 1
    assert len(hook.taken) == 1


@pytest.mark.slow
def test_what_a_killed_worker_was_sending_is_sent_again_with_its_key(yard, hook):
    yard.govern.request(item=ITEM)
    hook.may_answer.clear()  # the receiver has it, and says nothing
    worker = Fork(["worker", "--quiet", "--workspace", yard.folder])
    try:
        assert hook.came.wait(120)
    finally:
        worker.kill()
        worker.wait()
    hook.may_answer.set()
    context = yard.open()
    assert notice(context) == 0
    with context.read() as db:
        leased = outbox.next_due(db)
    assert leased > time.time()
    assert delivering.deliver(context, lambda _: leased - 1) == 0  # its lease lasts
    assert delivering.deliver(context, lambda _: leased + 1) == 1
    first, second = (headers["webhook-id"] for headers, _ in hook.taken)
    assert first == second
    with context.read() as db:
        assert db.execute(select(messages.c.state, messages.c.attempts)).all() == [("sent", 2)]
