"""Workspaces with alerts, and receivers for them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import insert, select, update
from tests.rooms.monitoring.receivers import mail_server, web_hook

import modelyard
from modelyard.jobs.repository import new_id
from modelyard.jobs.scenarios.repository import RunBody
from modelyard.jobs.scenarios.types import StepRun
from modelyard.jobs.types import JobError
from modelyard.monitoring.alerting.delivering import deliver
from modelyard.monitoring.alerting.noticing import notice
from modelyard.store.tables import scenario_runs, scenarios

BEGINNING = datetime(2026, 11, 26, 6, tzinfo=UTC).timestamp()


@pytest.fixture
def hook():
    with web_hook() as found:
        yield found


@pytest.fixture
def letters(monkeypatch):
    """What a mail server takes that the settings name."""
    with mail_server() as (found, port):
        monkeypatch.setenv("MODELYARD_MAIL__HOST", "127.0.0.1")
        monkeypatch.setenv("MODELYARD_MAIL__PORT", str(port))
        monkeypatch.setenv("MODELYARD_MAIL__SECURITY", "none")
        monkeypatch.setenv("MODELYARD_MAIL__SENDER", "yard@example.org")
        yield found


class Alerting:
    """A workspace whose clock is told, with a scenario `nightly` that ends as it is told."""

    def __init__(self, yard):
        self.yard = yard
        self.now = BEGINNING
        self._identity = None
        yard.scenarios.create(name="nightly", steps=[{"command": "projects.list", "name": "look"}])

    def pass_(self, seconds):
        self.now += seconds

    def scenario(self, state, reason="", name="nightly", project="default"):
        """Let a run of a scenario end now."""
        error = JobError(code="failed", detail="no rows") if state == "failed" else None
        done = state if state in ("succeeded", "failed") else "skipped"
        body = RunBody(
            trigger="by hand",
            steps=(),
            parameters={},
            runs=(StepRun(command="projects.list", name="look", state=done, error=error),),
            reason=reason,
        )
        with self.yard.open().begin() as db:
            owner = db.execute(select(scenarios.c.identity)).scalars().first()
            row = {
                "id": new_id(self.now),
                "project": project,
                "scenario": name,
                "state": state,
                "started": self.now,
                "ended": None if state == "running" else self.now,
                "identity": owner,
                "folder": "",
                "body": body.model_dump_json(),
            }
            db.execute(insert(scenario_runs).values(row))

    def rename_last(self, state):
        """Let the run that is under way end."""
        with self.yard.open().begin() as db:
            mine = scenario_runs.c.state == "running"
            ended = {"state": state, "ended": self.now}
            db.execute(update(scenario_runs).where(mine).values(ended))

    def notice(self):
        return notice(self.yard.open(), self.now)

    def deliver(self):
        return deliver(self.yard.open(), lambda _: self.now)

    def tick(self):
        """What a worker does."""
        self.notice()
        return self.deliver()

    def states(self):
        """States of messages, the oldest first."""
        return [each.state for each in reversed(self.yard.alerts.messages())]

    def status(self, kind, name):
        found = self.yard.monitoring.show(kind=kind)
        return next(each for each in found if each.name == name)


@pytest.fixture
def reaches_here(monkeypatch):
    monkeypatch.setenv("MODELYARD_ALERTS__WEBHOOKS", '["public", "127.0.0.0/8"]')


@pytest.fixture
def alerting(reaches_here, tmp_path, monkeypatch):
    yard = modelyard.open(tmp_path / "yard", actor="tester")
    yield Alerting(yard)
    yard.close()
