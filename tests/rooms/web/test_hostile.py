"""Clients that mean no good, or know no better."""

from __future__ import annotations

import contextlib
import os
import socket
import time

import pytest
from tests.running_server import RunningServer

MARKUP = "<script>alert(1)</script>'\"&<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def hasty(tmp_path_factory):
    """A server with a second of patience."""
    with RunningServer(
        tmp_path_factory.mktemp("hasty") / "yard",
        "--workers",
        "0",
        MODELYARD_SERVER__CLIENT_TIMEOUT="1",
        MODELYARD_SERVER__CONNECTIONS="50",
    ) as server:
        yield server
        assert "Traceback" not in server.log


def connect(server):
    return socket.create_connection(("127.0.0.1", server.port), timeout=30)


def everything(connection):
    """What is received until the server hangs up."""
    parts = []
    try:
        while part := connection.recv(65_536):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


def ask(server, *lines):
    """The answer to a request written by hand."""
    with connect(server) as connection:
        connection.sendall("\r\n".join((*lines, "", "")).encode("latin-1"))
        return everything(connection)


class TestSlowClients:
    def test_who_says_nothing_is_let_go(self, hasty):
        with connect(hasty) as connection:
            assert everything(connection) == b""

    def test_who_never_ends_its_headers_is_let_go(self, hasty):
        with connect(hasty) as connection:
            connection.sendall(b"GET /healthz HTTP/1.1\r\n")
            began = time.monotonic()
            try:
                while time.monotonic() - began < 20:
                    connection.sendall(b"x-more: and more\r\n")
                    time.sleep(0.2)
            except OSError:
                return
            raise AssertionError("it was listened to for 20 seconds")

    def test_who_never_ends_its_body_is_let_go(self, hasty):
        said = ask(
            hasty,
            "POST /api/v1/projects HTTP/1.1",
            f"host: 127.0.0.1:{hasty.port}",
            "content-type: application/json",
            "content-length: 100",
        )
        assert said.startswith(b"HTTP/1.1 408 ")

    @pytest.mark.parametrize("path", ["projects", "projects/default/files/slow.bin"])
    def test_who_sends_its_body_byte_by_byte_is_let_go(self, hasty, path):
        method, kind = ("POST", "json") if path == "projects" else ("PUT", "octet-stream")
        head = f"{method} /api/v1/{path} HTTP/1.1\r\nhost: 127.0.0.1:{hasty.port}\r\n"
        head += f"content-type: application/{kind}\r\ncontent-length: 100000\r\n\r\n"
        with connect(hasty) as connection:
            connection.sendall(head.encode())
            connection.settimeout(0.2)
            deadline, said = time.monotonic() + 20, b""
            while not said and time.monotonic() < deadline:
                connection.sendall(b" ")
                with contextlib.suppress(TimeoutError):
                    said = connection.recv(65_536)
        assert said.startswith(b"HTTP/1.1 408 ")

    def test_who_does_not_take_its_answer_is_let_go(self, hasty):
        path = "/projects/default/files/big.bin"
        assert hasty.request("PUT", path, content=os.urandom(30_000_000)).status_code == 200
        with socket.socket() as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.settimeout(30)
            connection.connect(("127.0.0.1", hasty.port))
            request = f"GET /api/v1{path}/content HTTP/1.1\r\nhost: localhost\r\n\r\n"
            connection.sendall(request.encode())
            time.sleep(5)
            assert len(everything(connection)) < 30_000_000

    def test_they_keep_nobody_from_working(self, hasty):
        idle = [connect(hasty) for _ in range(40)]
        try:
            assert hasty.http.get("/readyz").status_code == 200
        finally:
            for connection in idle:
                connection.close()

    def test_beyond_the_most_connections_one_is_told(self, hasty):
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            crowd = [connect(hasty) for _ in range(60)]
            try:
                said = ask(hasty, "GET /healthz HTTP/1.1", "host: 127.0.0.1", "connection: close")
            finally:
                for connection in crowd:
                    connection.close()
            if said.startswith(b"HTTP/1.1 503 "):
                break
        assert said.startswith(b"HTTP/1.1 503 ")
        time.sleep(1)
        assert hasty.http.get("/healthz").status_code == 200


class TestMalformed:
    @pytest.mark.parametrize(
        "lines",
        [
            ("NONSENSE",),
            ("GET / HTTP/9.9",),
            ("GET /healthz HTTP/1.1", "host: x", "content-length: -1"),
            ("GET /healthz HTTP/1.1", "host: x", "content-length: 1", "transfer-encoding: chunked"),
            ("GET /healthz HTTP/1.1", "host: x", "na me: x"),
        ],
    )
    def test_what_is_no_http_is_told_so(self, hasty, lines):
        said = ask(hasty, *lines)
        assert said.startswith(b"HTTP/1.1 400 ")
        assert b"application/problem+json" in said

    def test_an_answer_holds_no_lines_of_the_request(self, server, project):
        path = f"/projects/{project}/models/x%0d%0aset-cookie:%20a=b"
        answer = server.get(path)
        assert answer.status_code in (404, 422)
        assert "set-cookie" not in answer.headers
        link = server.get(f"/projects/{project}/models?limit=1&search=%0d%0aset-cookie:%20a=b")
        assert "set-cookie" not in link.headers

    def test_markup_is_data(self, server, project):
        body = {"name": "m", "prediction_type": "other", "description": MARKUP}
        server.post(f"/projects/{project}/models", body)
        answer = server.get(f"/projects/{project}/models/m")
        assert answer.json()["description"] == MARKUP
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["x-content-type-options"] == "nosniff"
        refused = server.get(f"/projects/{project}/models/{MARKUP.replace('/', '%2F')}")
        assert refused.headers["content-type"] == "application/problem+json"

    @pytest.mark.parametrize("number", ["-1", "0", "1e400", "9" * 400, "-" + "9" * 30, "0x10"])
    def test_numbers_beyond_reason(self, server, project, tmp_path, number):
        (tmp_path / "t.csv").write_text("a\n1\n")
        place = str(tmp_path / "t.csv").replace("/", "%2F")
        answer = server.get(f"/projects/{project}/datasets/{place}/preview?rows={number}")
        assert answer.status_code == 422, answer.text

    def test_integers_that_no_database_takes(self, server):
        for number in (2**63, 2**64, -(2**63) - 1, 10**30):
            answer = server.get(f"/jobs/nothing/log?after={number}")
            assert answer.status_code in (404, 422), answer.text

    def test_both_lengths_smuggle_nothing(self, hasty):
        with connect(hasty) as connection:
            connection.sendall(
                b"POST /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 4\r\n"
                b"transfer-encoding: chunked\r\n\r\n0\r\n\r\n"
                b"GET /readyz HTTP/1.1\r\nhost: x\r\n\r\n"
            )
            said = everything(connection)
        assert b"ready" not in said
