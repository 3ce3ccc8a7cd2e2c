"""Background commands over HTTP: submitted, waited for, followed."""

from __future__ import annotations

import json
import signal
import threading
import time
import uuid

import httpx2
import pytest
from tests.running_server import RunningServer


@pytest.fixture
def table(tmp_path):
    """A file of three rows."""
    path = tmp_path / "table.csv"
    path.write_text("age,fare\n40,1\n20,2\n30,3\n")
    return path


@pytest.fixture
def busy(server, project, table):
    """The path that samples a dataset, and a body that asks for it."""
    return f"/projects/{project}/datasets/{str(table).replace('/', '%2F')}/sample", {
        "output": str(table.with_name("sample.csv"))
    }


def events_of(server, job, **headers):
    """Every event of a job until its stream ends: name, id, data."""
    found = []
    with server.http.stream("GET", f"/api/v1/jobs/{job}/events", headers=headers) as stream:
        assert stream.status_code == 200
        assert stream.headers["content-type"].startswith("text/event-stream")
        event = {}
        for line in stream.iter_lines():
            if line:
                name, _, value = line.partition(": ")
                event[name] = value
            elif "event" in event:
                found.append((event["event"], int(event["id"]), json.loads(event["data"])))
                event = {}
    return found


def ended(server, path):
    """The job once it has ended."""
    for _ in range(600):
        job = server.http.get(path).json()
        if job["state"] in ("succeeded", "failed", "cancelled"):
            return job
        time.sleep(0.1)
    raise AssertionError(job)


def test_a_background_command_becomes_a_job(server, busy, table):
    path, body = busy
    answer = server.post(path, body)
    job = answer.json()
    assert (answer.status_code, job["command"]) == (202, "datasets.sample")
    assert answer.headers["location"] == f"/api/v1/jobs/{job['id']}"
    done = ended(server, answer.headers["location"])
    assert (done["state"], done["result"]["rows"]) == ("succeeded", 3)
    assert table.with_name("sample.csv").read_text().count("\n") == 4


def test_who_prefers_to_wait_gets_the_result(server, busy):
    path, body = busy
    answer = server.post(path, body, headers={"prefer": "respond-async, wait=50"})
    assert (answer.status_code, answer.json()["rows"]) == (200, 3)
    assert answer.headers["preference-applied"] == "wait=50"
    assert server.get(f"/jobs/{answer.headers['modelyard-job']}").json()["state"] == "succeeded"


def test_who_waits_gets_the_error(server, project):
    body = {"name": "gone", "path": "/nowhere/at/all.csv"}
    answer = server.post(f"/projects/{project}/datasets", body, headers={"prefer": "wait=50"})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["context"]["job"] == answer.headers["modelyard-job"]


def test_a_key_submits_one_job(server, busy):
    path, body = busy
    key = {"idempotency-key": uuid.uuid4().hex}
    first, again = (server.post(path, body, headers=key) for _ in range(2))
    assert first.json()["id"] == again.json()["id"]
    waited = server.post(path, body, headers={**key, "prefer": "wait=50"})
    assert (waited.status_code, waited.headers["modelyard-job"]) == (200, first.json()["id"])


def test_events_tell_how_far_it_is_and_how_it_ended(server, busy):
    path, body = busy
    job = server.post(path, body).json()["id"]
    events = events_of(server, job)
    assert [name for name, _, _ in events].count("end") == 1
    assert events[-1][0] == "end"
    assert events[-1][2]["state"] == "succeeded"
    assert {name for name, _, _ in events} >= {"progress", "end"}
    numbers = [number for _, number, _ in events]
    assert numbers == sorted(numbers)


def test_who_was_cut_off_goes_on_after_the_last_line(server, project):
    body = {"name": "gone", "path": "/nowhere/at/all.csv"}
    job = server.post(f"/projects/{project}/datasets", body).json()["id"]
    whole = events_of(server, job)
    lines = [data["line"] for name, _, data in whole if name == "log"]
    if lines:
        rest = events_of(server, job, **{"last-event-id": str(lines[0])})
        assert [data["line"] for name, _, data in rest if name == "log"] == lines[1:]
    assert events_of(server, job, **{"last-event-id": "99999"})[-1][0] == "end"
    assert events_of(server, job, **{"last-event-id": "-1"})[-1][2]["state"] == "failed"


def test_events_of_nothing(server):
    answer = server.get("/jobs/nothing/events")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    answer = server.get("/jobs/nothing/events", headers={"accept": "application/json"})
    assert answer.status_code == 406


def test_a_server_that_stops_ends_its_streams(tmp_path):
    with RunningServer(
        tmp_path / "yard", "--workers", "0", MODELYARD_SERVER__EVENT_STREAMS="1"
    ) as server:
        waits = {"path": "/projects/default/datasets", "body": {"name": "t", "path": "t.csv"}}
        job = server.post(**waits).json()["id"]
        seen, ends = threading.Event(), []

        def follow() -> None:
            with (
                httpx2.Client(timeout=60) as http,
                http.stream("GET", f"{server.url}/api/v1/jobs/{job}/events") as stream,
            ):
                for line in stream.iter_lines():
                    if line.startswith("event: progress"):
                        seen.set()
            ends.append("in order")

        follower = threading.Thread(target=follow)
        follower.start()
        assert seen.wait(30)
        assert server.get(f"/jobs/{job}/events").status_code == 503
        still = server.post(**waits, headers={"prefer": "wait=1"})
        assert (still.status_code, still.json()["state"]) == (202, "queued")
        assert server.stop(signal.SIGTERM) == 0
        follower.join(30)
        assert ends == ["in order"]
