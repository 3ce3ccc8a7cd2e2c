"""Deploying while the govern node is away, hangs, or is none: what it last said counts."""

from __future__ import annotations

import http.server
import json
import socket
import threading
from contextlib import closing, contextmanager

import pytest
from tests.govern_nodes import V1, GovernNode, copied, make_workspace, with_made
from tests.sharing import made_once

import modelyard
from modelyard import errors
from modelyard.governance.connection import judging, repository
from modelyard.governance.connection.types import GovernNode as Node
from modelyard.governance.workspaces.types import Compared, Judged
from modelyard.kernel.values import now
from modelyard.kernel.version import HEADER, __version__

LIVE = {"name": "live", "service": "answers", "package": "p1", "infrastructure": "prod"}


@pytest.fixture(autouse=True)
def chosen_database():
    """None: two workspaces take part, and would share the one that a variable names."""


@pytest.fixture
def yard(tmp_path_factory, tmp_path, monkeypatch):
    """A workspace with a package, whose govern node has a second to answer."""
    monkeypatch.setenv("MODELYARD_GOVERNANCE__SECONDS", "1")
    with_made(monkeypatch)
    original = made_once(tmp_path_factory, "governed-elsewhere", make_workspace)
    with closing(modelyard.open(copied(original, tmp_path / "yard"), actor="ada")) as yard:
        yield yard


def governed_at(yard, url, **modes):
    """Say that it is governed at an address, which said some modes."""
    node = Node(url=url, workspace="berlin", connected=now(), connected_by="ada")
    with yard.open().begin() as db:
        repository.put(db, node, "mdw_berlin_key")
        if modes:
            repository.heard(db, modes)


@contextmanager
def answering(body, status=200, **headers):
    """A server that answers everything alike; gives its address, and how often it was asked."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            asked.append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(status)
            for name, value in {"content-type": "application/json", **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            """Nothing is written."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def hanging():
    """A server that takes connections and never answers; gives its address."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def refused(yard, **more):
    with pytest.raises(errors.Blocked) as raised:
        yard.deployments.create(**{**LIVE, **more})
    return raised.value


def test_what_was_last_said_counts(yard):
    away = "http://127.0.0.1:1"
    governed_at(yard, away)
    never = refused(yard)
    assert never.context["codes"] == ["POLICY_PREVENTS"]
    assert "what policies do there was never heard, so nothing is deployed" in never.detail
    governed_at(yard, away, prod="prevent")
    prevents = refused(yard, accept=True)
    assert f"policies cannot be asked: the govern node {away} was not heard: no server answers" in (
        prevents.detail
    )
    assert "see: modelyard govern status" in prevents.detail
    with pytest.raises(errors.Blocked, match="policies decide what answers on local"):
        yard.nodes.enable(node="local", service="answers")
    governed_at(yard, away, prod="warn")
    warns = refused(yard)
    assert warns.context["codes"] == ["POLICY_WARNS"]
    assert "to deploy it all the same, accept that (--accept)" in warns.detail
    yard.deployments.create(**LIVE, accept=True)
    messages = yard.deployments.history(name="live")[0].messages
    assert [each.code for each in messages] == ["POLICY_WARNS"]
    governed_at(yard, away, prod="no_check")
    assert yard.deployments.update(name="live", package="p2").health == "HEALTHY"


def test_one_that_hangs_is_left_after_its_time_and_keeps_nobody_waiting(yard):
    with hanging() as url:
        governed_at(yard, url, prod="prevent", **{"local-api": "no_check"})
        began = threading.Event()
        ask, told = judging.ask, []

        def noted(*args, **named):
            began.set()
            return ask(*args, **named)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(judging, "ask", noted)
            first = threading.Thread(target=lambda: told.append(refused(yard)))
            first.start()
            assert began.wait(20)
            yard.models.update(name="churn", description="written while the first waits")
            assert not told
            first.join(30)
        assert "did not answer within 1 seconds" in told[0].detail or "silent" in told[0].detail


JUDGED = Judged(mode="no_check").model_dump_json().encode()
EMPTY = Judged(mode="warn").model_dump_json().encode()
OURS = {HEADER: __version__}
OLDER = {HEADER: "0.0.1"}


@pytest.mark.parametrize(
    ("body", "status", "headers", "said"),
    [
        (JUDGED, 200, {}, "no Modelyard server"),
        (b"<html>hello", 200, OURS, "is not understood"),
        (b'{"mode": "whatever"}', 200, OURS, "is not understood"),
        (EMPTY, 200, OURS, "says nothing of what it was asked about"),
        (b"{}", 200, OLDER, "the server runs Modelyard 0.0.1"),
        (b'{"code": "not_found", "detail": "no such route", "context": {}}', 404, OLDER, "0.0.1"),
        (b"oops", 500, OURS, "in a way that is not understood"),
        (b"busy", 503, {}, "the server behind it is away"),
        (b"\x1f\x8bnonsense", 200, {**OURS, "content-encoding": "gzip"}, "cannot be read"),
    ],
)
def test_nonsense_is_no_permission(yard, body, status, headers, said):
    with answering(body, status, **headers) as (url, asked):
        governed_at(yard, url, prod="prevent")
        answer = refused(yard)
    assert said in answer.detail
    assert len(asked) == 1, "it is asked once"
    sent = json.loads(asked[0])
    assert sent["infrastructure"] == "prod"
    assert [each["item"] for each in sent["versions"]] == [V1]


def test_a_wrong_key_and_a_node_that_is_back(yard, tmp_path):
    node = GovernNode(tmp_path / "node")
    try:
        yard.govern.connect(address=node.url, key=node.add("berlin"))
        yard.govern.sync()
        item = node.govern("berlin", tmp_path)
        node.there.policies.enforce(infrastructure="berlin.prod", policy=("good",))
        node.approve(item)
        yard.govern.sync()
        key = node.there.workspaces.rekey(name="berlin").key
        assert "does not take the key" in refused(yard).detail
        yard.govern.connect(address=node.url, key=key)
        node.kill()
        assert "no server answers" in refused(yard).detail
        with pytest.raises(errors.Unavailable, match="no server answers"):
            yard.govern.sync()
        assert "no server answers" in yard.govern.status().node.problem
        assert yard.govern.status(item=V1).item.signoffs == {"sign": "APPROVED"}
        node.start()
        yard.deployments.create(**LIVE)
        yard.govern.sync()
        assert yard.govern.status().node.problem == ""
    finally:
        node.close()


def test_an_address_that_is_none_is_refused_at_once(yard):
    for address, said in (
        ("http://", "address"),
        ("https://user:pw@example.org", "holds a user or password"),
        ("http://127.0.0.1:1", "no server answers"),
    ):
        with pytest.raises((errors.Invalid, errors.Unavailable), match=said):
            yard.govern.connect(address=address, key="mdw_berlin_x")
    with pytest.raises(errors.Invalid, match="no certificates in PEM"):
        yard.govern.connect(address="http://127.0.0.1:1", key="mdw_berlin_x", ca="hello")
    compared = Compared(
        workspace="x", buckets=(), items={}, status_buckets=(), statuses=(), modes={}
    )
    with (
        answering(compared.model_dump_json().encode()) as (url, _),
        pytest.raises(errors.Invalid, match="no Modelyard server"),
    ):
        yard.govern.connect(address=url, key="mdw_berlin_x")
    assert yard.govern.status().node is None
