"""Requests that are sent again under an Idempotency-Key."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor


def test_a_request_sent_again_is_done_once(server):
    key, name = {"idempotency-key": uuid.uuid4().hex}, f"p{uuid.uuid4().hex[:8]}"
    first = server.post("/projects", {"key": name}, headers=key)
    again = server.post("/projects", {"key": name}, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again.headers["location"] == first.headers["location"]
    assert "idempotent-replayed" in again.headers
    assert "idempotent-replayed" not in first.headers
    other = server.post("/projects", {"key": f"{name}2"}, headers=key)
    assert (other.status_code, other.json()["code"]) == (422, "invalid")
    assert server.post("/projects", {"key": name}).status_code == 409


def test_an_error_may_be_tried_again(server, project):
    key = {"idempotency-key": uuid.uuid4().hex}
    path, body = f"/projects/{project}x/models", {"name": "m", "prediction_type": "other"}
    assert server.post(path, body, headers=key).status_code == 404
    server.post("/projects", {"key": f"{project}x"})
    assert server.post(path, body, headers=key).status_code == 201


def test_many_at_once_do_it_once(server):
    key, name = {"idempotency-key": uuid.uuid4().hex}, f"p{uuid.uuid4().hex[:8]}"
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda _: server.post("/projects", {"key": name}, headers=key), range(16))
        )
    fresh = [a for a in answers if a.status_code == 201 and "idempotent-replayed" not in a.headers]
    assert len(fresh) == 1
    assert {answer.status_code for answer in answers} <= {201, 409}
