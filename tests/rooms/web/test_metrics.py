"""`GET /metrics`: what is told, and whom."""

from __future__ import annotations

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import update
from starlette.testclient import TestClient

import modelyard
from modelyard.store.tables import scenarios
from modelyard.web.app import create_app


def gauges(text):
    """How things are; nothing is deployed, of which the others could tell."""
    family, *others = text_string_to_metric_families(text)
    assert family.name == "modelyard_status"
    assert not any(each.samples for each in others)
    return {
        (each.labels["project"], each.labels["kind"], each.labels["name"]): each.value
        for each in family.samples
    }


@pytest.fixture
def yard(yard):
    yard.projects.create(key="lab")
    yard.models.create(name="churn", prediction_type="regression", project="lab")
    yard.scenarios.create(name="nightly", steps=[{"command": "projects.list"}])
    with yard.open().begin() as db:  # it is damaged, and nothing else suffers
        db.execute(update(scenarios).values(body="{"))
    return yard


def test_an_api_key_is_told_what_its_user_may_see(yard):
    yard.users.create(name="ada")
    yard.members.add(name="ada", role="reader", project="lab")
    key = yard.keys.create(name="prometheus", user="ada").secret
    with TestClient(create_app(yard)) as client:
        refused = client.get("/metrics")
        assert (refused.status_code, refused.json()["code"]) == (401, "unauthenticated")
        told = client.get("/metrics", headers={"authorization": f"Bearer {key}"})
    assert told.headers["content-type"].startswith("text/plain")
    assert gauges(told.text) == {("lab", "project", "lab"): -1, ("lab", "model", "churn"): -1}


def test_an_open_one_tells_everybody_everything(yard, monkeypatch):
    monkeypatch.setenv("MODELYARD_METRICS__OPEN", "true")
    again = modelyard.open(yard.folder)
    with TestClient(create_app(again)) as client:
        found = gauges(client.get("/metrics").text)
    again.close()
    assert found["default", "scenario", "nightly"] == 2
    assert found["default", "project", "default"] == 2
    assert found["lab", "model", "churn"] == -1
