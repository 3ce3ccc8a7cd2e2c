"""A worker that is killed while it sends: another one sends the same, with the same key."""

from __future__ import annotations

import time

import pytest
from tests.forks import Fork

from modelyard.monitoring.alerting import outbox

pytestmark = pytest.mark.slow


def test_what_a_killed_worker_was_sending_is_sent_again_with_its_key(alerting, hook):
    alerting.now = time.time() - 60  # the worker looks at the clock
    alerting.yard.alerts.create(name="team", webhook=hook.url, only=("scenario",))
    alerting.scenario("failed")
    alerting.notice()
    hook.may_answer.clear()  # the receiver has it, and says nothing
    worker = Fork(["worker", "--quiet", "--workspace", alerting.yard.folder])
    try:
        assert hook.came.wait(120)
    finally:
        worker.kill()
        worker.wait()
    hook.may_answer.set()
    (taken,) = alerting.yard.alerts.messages()
    assert (taken.state, taken.attempts) == ("waiting", 1)
    with alerting.yard.open().read() as db:
        alerting.now = outbox.next_due(db) - 1
    assert alerting.deliver() == 0  # its lease lasts
    alerting.pass_(2)
    assert alerting.deliver() == 1
    first, second = (headers["webhook-id"] for headers, _ in hook.taken)
    assert first == second == taken.sending
    assert alerting.states() == ["sent"]
