"""A command that hangs: who waits for its turn is told so, and the server stops all the same."""

from __future__ import annotations

import socket
import sqlite3
import threading

import pytest
from tests.running_server import RunningServer

MODELS = "/projects/default/models"
BUSY = "the server has more to do than it can"


class Stuck:
    """A server with one thread for commands, which waits for somebody else's lock on SQLite."""

    def __init__(self, server, lock):
        self.server = server
        self.lock = lock
        self.answer = None
        self.writing = threading.Thread(target=self._write)
        self._once(200)
        lock.execute("BEGIN IMMEDIATE")
        self.writing.start()
        self.refused = self._once(503)

    def _write(self):
        body = {"name": "m", "prediction_type": "other"}
        while self.answer is None or BUSY in self.answer.text:
            self.answer = self.server.post(MODELS, body)

    def _once(self, status):
        while (answer := self.server.get(MODELS)).status_code != status:
            pass
        return answer


@pytest.fixture
def stuck(tmp_path):
    file = tmp_path / "test.db"
    with RunningServer(
        tmp_path / "yard",
        MODELYARD_DATABASE=f"sqlite:///{file}",
        MODELYARD_SERVER__THREADS="1",
        MODELYARD_SERVER__QUEUE_TIMEOUT="2",
        MODELYARD_SERVER__SHUTDOWN_TIMEOUT="1",
    ) as server:
        lock = sqlite3.connect(file, isolation_level=None, timeout=60)
        found = Stuck(server, lock)
        yield found
        lock.close()
        found.writing.join()


def test_who_waits_too_long_for_a_turn_is_told_and_the_rest_goes_on(stuck):
    assert BUSY in stuck.refused.json()["detail"]
    assert stuck.refused.json()["code"] == "unavailable"
    assert stuck.refused.headers["retry-after"]
    assert stuck.server.http.get("/healthz").status_code == 200
    assert stuck.server.http.get("/readyz").status_code == 200
    stuck.lock.execute("COMMIT")
    stuck.writing.join()
    assert stuck.answer.status_code == 201
    assert stuck.server.get(MODELS).status_code == 200


def test_it_stops_all_the_same_and_tells_who_waits_for_an_answer(stuck):
    with socket.create_connection(("127.0.0.1", stuck.server.port), timeout=60) as sending:
        sending.sendall(
            b"PUT /api/v1/projects/default/files/a HTTP/1.1\r\nhost: 127.0.0.1\r\n"
            b"content-length: 100\r\n\r\nbegun"
        )
        assert stuck.server.stop() == 0
        said = sending.makefile("rb").read()
    stuck.writing.join()
    assert said.startswith(b"HTTP/1.1 503 ")
    assert b"retry-after" in said
    assert stuck.answer.status_code == 503
    assert "being stopped" in stuck.answer.json()["detail"]
    assert "Traceback" not in stuck.server.log
