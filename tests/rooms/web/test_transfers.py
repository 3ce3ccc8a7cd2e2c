"""Files in the body of a request and of an answer."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import socket
import time
from pathlib import Path

import psutil
import pytest
from tests.running_server import RunningServer

DATA = os.urandom(3_000_000)


def digest_header(data):
    return {
        "content-digest": f"sha-256=:{base64.b64encode(hashlib.sha256(data).digest()).decode()}:"
    }


def put(server, project, path, data, **headers):
    return server.request("PUT", f"/projects/{project}/files/{path}", content=data, headers=headers)


def in_transfer(server):
    """Files that are on their way, or were left behind."""
    folder = server.workspace / "transfers"
    return [path for path in folder.iterdir() if path.suffix != ".lock"]


def nothing_left(server):
    """Whether everything that was on its way is gone; a moment after the answer it is."""
    for _ in range(100):
        if not in_transfer(server):
            return True
        time.sleep(0.1)
    return False


def test_a_file_goes_in_and_comes_out(server, project):
    stored = put(server, project, "data%2Fall.bin", DATA, **digest_header(DATA)).json()
    assert (stored["size"], stored["sha256"]) == (len(DATA), hashlib.sha256(DATA).hexdigest())
    answer = server.get(f"/projects/{project}/files/data%2Fall.bin/content")
    assert answer.status_code == 200
    assert answer.content == DATA
    assert answer.headers["content-length"] == str(len(DATA))
    result = json.loads(answer.headers["modelyard-result"])
    assert result["sha256"] == stored["sha256"]
    assert nothing_left(server)


def test_a_range_of_it(server, project):
    put(server, project, "a.bin", DATA)
    path = f"/projects/{project}/files/a.bin/content"
    part = server.get(path, headers={"range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, DATA[10:20])
    again = {"range": "bytes=10-19", "if-range": part.headers["etag"]}
    assert server.get(path, headers=again).status_code == 206
    put(server, project, "a.bin?replace=true", b"other")
    assert server.get(path, headers=again).content == b"other"


@pytest.mark.parametrize(
    ("wanted", "status", "size"), [("bytes=99-", 416, "bytes */5"), ("lines=1-2", 400, None)]
)
def test_a_range_that_cannot_be_had(server, project, wanted, status, size):
    put(server, project, "a.bin", b"other")
    answer = server.get(f"/projects/{project}/files/a.bin/content", headers={"range": wanted})
    assert (answer.status_code, answer.headers["content-type"]) == (
        status,
        "application/problem+json",
    )
    found = answer.json()
    assert (found["status"], found["code"]) == (status, "invalid")
    assert found["context"] == {"size": 5}
    assert found["detail"].endswith("the file has 5 bytes")
    assert answer.headers.get("content-range") == size
    assert "modelyard-result" not in answer.headers


def test_chunks_will_do(server, project):
    def chunks():
        for start in range(0, len(DATA), 70_000):
            yield DATA[start : start + 70_000]

    answer = put(server, project, "chunked.bin", chunks())
    assert answer.json()["sha256"] == hashlib.sha256(DATA).hexdigest()


def test_what_was_damaged_on_the_way_is_refused(server, project):
    answer = put(server, project, "a.bin", DATA[:-1], **digest_header(DATA))
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert server.get(f"/projects/{project}/files").json() == []
    assert nothing_left(server)


@pytest.mark.parametrize("text", ["md5=:abc:", "sha-256=abc", "sha-256=:abc:", "x"])
def test_digests_that_cannot_be_read(server, project, text):
    assert put(server, project, "a.bin", b"x", **{"content-digest": text}).status_code == 422


def test_forms_are_no_files(server, project):
    answer = put(server, project, "a.bin", b"x", **{"content-type": "multipart/form-data"})
    assert (answer.status_code, answer.headers["accept"]) == (415, "application/octet-stream")


def test_packed_files_are_refused(server, project):
    answer = put(server, project, "a.bin", b"x", **{"content-encoding": "gzip"})
    assert (answer.status_code, answer.headers["accept-encoding"]) == (415, "identity")


@pytest.mark.parametrize("path", ["..%2Fa", "%2Fetc%2Fpasswd", "a%2F..%2F..%2Fb", ".hidden", "~"])
def test_paths_that_lead_out(server, project, path):
    answer = put(server, project, path, b"x")
    assert answer.status_code in (403, 422), answer.text
    assert server.get(f"/projects/{project}/files/{path}/content").status_code in (403, 422)


def test_the_field_of_the_file_does_not_travel(server, project):
    answer = put(server, project, "a.bin?file=%2Fetc%2Fpasswd", b"x")
    assert answer.status_code == 422
    put(server, project, "a.bin", b"x")
    path = f"/projects/{project}/files/a.bin/content?to=%2Ftmp%2Fx"
    assert server.get(path).status_code == 422


def cut_off(server, project, *, declared, sent):
    """Begin an upload and hang up."""
    head = (
        f"PUT /api/v1/projects/{project}/files/cut.bin HTTP/1.1\r\n"
        f"host: 127.0.0.1:{server.port}\r\ncontent-length: {declared}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(head.encode() + sent)
        time.sleep(0.3)


def test_a_truncated_upload_leaves_nothing(server, project):
    cut_off(server, project, declared=9_000_000, sent=DATA)
    assert nothing_left(server)
    assert server.get(f"/projects/{project}/files").json() == []


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A server with small limits and little patience."""
    with RunningServer(
        tmp_path_factory.mktemp("small") / "yard",
        MODELYARD_FILES__MAX_MB="1",
        MODELYARD_SERVER__CLIENT_TIMEOUT="1",
    ) as server:
        yield server


class TestLimits:
    def test_larger_files_are_refused_unread(self, small):
        with socket.create_connection(("127.0.0.1", small.port), timeout=20) as connection:
            head = (
                "PUT /api/v1/projects/default/files/a.bin HTTP/1.1\r\nexpect: 100-continue\r\n"
                f"host: 127.0.0.1:{small.port}\r\ncontent-length: {1 << 40}\r\n\r\n"
            )
            connection.sendall(head.encode())
            said = b"".join(iter(lambda: connection.recv(65536), b""))
        assert said.startswith(b"HTTP/1.1 413 ")
        assert b"connection: close" in said

    def test_however_they_come(self, small):
        def chunks():
            yield from (b"x" * 65_536 for _ in range(20))

        assert put(small, "default", "a.bin", chunks()).status_code == 413
        assert nothing_left(small)

    def test_a_client_that_falls_asleep_is_let_go(self, small):
        with socket.create_connection(("127.0.0.1", small.port), timeout=20) as connection:
            head = (
                "PUT /api/v1/projects/default/files/a.bin HTTP/1.1\r\n"
                f"host: 127.0.0.1:{small.port}\r\ncontent-length: 1000\r\n\r\nabc"
            )
            connection.sendall(head.encode())
            said = b"".join(iter(lambda: connection.recv(65536), b""))
        assert said.startswith(b"HTTP/1.1 408 ")
        assert nothing_left(small)


def test_a_large_file_needs_little_memory(server, project):
    process = psutil.Process(server.process.pid)
    before = process.memory_info().rss
    size, block = 300_000_000, os.urandom(1 << 20)
    peak = 0

    def blocks():
        nonlocal peak
        sent = 0
        while sent < size:
            yield block[: min(len(block), size - sent)]
            sent += len(block)
            peak = max(peak, process.memory_info().rss)

    assert put(server, project, "large.bin", blocks()).json()["size"] == size
    with server.http.stream("GET", f"/api/v1/projects/{project}/files/large.bin/content") as stream:
        got = 0
        for part in stream.iter_raw():
            got += len(part)
        peak = max(peak, process.memory_info().rss)
    assert got == size
    assert peak - before < 60_000_000


def test_what_a_dead_server_left_is_cleared(tmp_path):
    yard = tmp_path / "yard"
    with RunningServer(yard) as dying:
        with socket.create_connection(("127.0.0.1", dying.port)) as connection:
            connection.sendall(
                (
                    "PUT /api/v1/projects/default/files/a.bin HTTP/1.1\r\n"
                    f"host: 127.0.0.1:{dying.port}\r\ncontent-length: 9000000\r\n\r\n"
                ).encode()
                + DATA
            )
            for _ in range(200):
                if in_transfer(dying):
                    break
                time.sleep(0.05)
            dying.kill()
        [left] = in_transfer(dying)
        left.with_name(f".{left.name}.half.partial").write_bytes(DATA)
    with RunningServer(yard) as server, RunningServer(yard) as other:
        assert nothing_left(server)
        assert put(server, "default", "a.bin", DATA).status_code == 200
        assert put(other, "default", "b.bin", DATA).status_code == 200
    assert list(Path(yard, "transfers").iterdir()) == []
