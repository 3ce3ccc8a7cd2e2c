"""The page of jobs says whether anybody works on them."""

from __future__ import annotations

from starlette.testclient import TestClient

from modelyard.jobs import presence
from modelyard.web.app import create_app

GONE_ON = "No worker lives, so nothing of this goes on."


def test_it_says_whether_a_worker_lives(yard):
    with TestClient(create_app(yard, no_auth=True), "http://127.0.0.1") as client:
        assert "No worker lives</p>" in client.get("/jobs").text
        yard.jobs.submit(command="projects.create", given={"key": "later"})
        assert GONE_ON in client.get("/jobs").text
        with yard.open().begin() as db:
            presence.show(db, "here-1", slots=1, queues=())
        shown = client.get("/jobs").text
        assert "1 worker, last seen 0 s ago" in shown
        assert GONE_ON not in shown
        assert client.get("/jobs.json").json()["workers"] == 1
