"""The page of jobs says whether anybody works on them."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from sqlalchemy import update
from starlette.testclient import TestClient

from modelyard import errors
from modelyard.jobs import presence
from modelyard.jobs.types import Job
from modelyard.kernel.values import now
from modelyard.store.tables import jobs
from modelyard.web.app import create_app
from modelyard.web.pages.jobs import line_of

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


@pytest.mark.parametrize(
    ("message", "fraction", "rows", "said", "shown"),
    [
        ("scored 50 of 100 rows, 10 s left", 0.5, 50, "Scored 50 of 100 rows, 10 s left", 0.5),
        ("scored 100 of 100 rows, 5 rows/s", 1.0, 100, "Scored 100 of 100 rows, 5 rows/s", 0.99),
        ("reading", 0.5, 50, "Reading, 50 rows, 60 s left", 0.5),
        ("reading", None, 50, "Reading, 50 rows", None),
    ],
)  # fmt: skip
def test_progress_is_told_once(message, fraction, rows, said, shown):
    started = now() - timedelta(seconds=60)
    job = Job(
        id="one", project=None, command="scoring.run", arguments={}, state="running",
        queue="scoring", actor="ana", submitted=started, started=started, ended=None, attempt=1,
        retries=0, fraction=fraction, message=message, rows=rows, lines=0, result=None, error=None,
        worker="here", scenario_run=None,
    )  # fmt: skip
    line = line_of(job)
    assert (line.said, line.fraction) == (said, shown)


def test_a_job_that_is_to_end_is_cancelling_until_it_has(yard):
    job = yard.jobs.submit(command="projects.create", given={"key": "later"})
    begun = {"state": "running", "attempt": 1, "started": time.time(), "worker": "here-1"}
    with yard.open().begin() as db:
        db.execute(update(jobs).where(jobs.c.id == job.id).values(**begun))
    cancel = f'action="/jobs/{job.id}/cancel"'
    with TestClient(create_app(yard, no_auth=True), "http://127.0.0.1") as client:
        assert "1 job runs or waits." in client.get("/jobs").text
        assert cancel in client.get(f"/jobs/{job.id}").text
        done = client.post(f"/jobs/{job.id}/cancel", data={"csrf": ""})
        assert "The job is being cancelled." in done.text
        assert yard.jobs.show(id=job.id).cancelled_by is not None
        for page in ("/jobs", f"/jobs/{job.id}"):
            shown = client.get(page).text
            assert ("Cancelling…" in shown, cancel in shown) == (True, False)
        whole = client.get("/jobs/running").text
        assert (whole.count('id="running"'), whole.count("<h1")) == (1, 1)
        count = {"hx-request": "true", "hx-target": "running"}
        pill = client.get("/jobs/running", headers=count).text
        assert '<span class="ct" id="count" hx-swap-oob="true">1</span>' in pill


def test_only_what_still_failed_needs_attention(yard):
    ended = time.time()

    def end(state, key, at=ended):
        return end_job(state, at, "projects.create", {"key": key})

    def end_job(state, at, command, given):
        job = yard.jobs.submit(command=command, given=given)
        with yard.open().begin() as db:
            changed = update(jobs).where(jobs.c.id == job.id)
            db.execute(changed.values(state=state, started=at, ended=at))
        return job.id

    old = end("failed", "old", ended - 8 * 24 * 3600)
    mended, left = end("failed", "mended"), end("failed", "left")
    end("succeeded", "mended")
    tried = end_job("failed", ended, "versions.probe", {"model": "m", "source": "m.zip"})
    with TestClient(create_app(yard, no_auth=True), "http://127.0.0.1") as client:
        needed = [job["id"] for job in client.get("/.json").json()["failed"]]
    assert (left in needed, mended in needed, old in needed) == (True, False, False)
    assert tried not in needed


def test_the_audit_log_says_what_was_to_be_done_to_what(yard):
    given = {"name": "june", "path": "files://june.csv"}
    yard.jobs.submit(command="datasets.create", given=given)
    with pytest.raises(errors.NotFound):
        yard.models.delete(name="nix")
    with TestClient(create_app(yard, no_auth=True), "http://127.0.0.1") as client:
        lines = client.get("/audit.json").json()["lines"][:2]
        phone = client.get("/audit").text
    assert [(line["what"], line["project"]) for line in lines] == [
        ("Delete a saved model with all its versions: nix", "default"),
        ("Read dataset june, as a job", "default"),
    ]
    assert f"by {lines[0]['entry']['actor']} in default" in phone
