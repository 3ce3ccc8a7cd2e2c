"""Endpoints elsewhere: servers on this machine that answer, fail, vanish and come back."""

from __future__ import annotations

import html
import json
import re
import threading
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from starlette.testclient import TestClient
from tests.ports import free_port

import modelyard
from modelyard import errors
from modelyard.housekeeping.errands import run_errands
from modelyard.monitoring.alerting.noticing import notice
from modelyard.monitoring.scopes.looking import look_at_due
from modelyard.web.app import create_app

INDEX, LISTED = "/v2/repository/index", "/api/2.0/serving-endpoints"
TOKEN = "t0ken-of-a-partner"


class Elsewhere:
    """A server that answers what it is told to, by path."""

    def __init__(self):
        self.answers = {}
        self.asked = []
        self.url = ""


@contextmanager
def elsewhere():
    found = Elsewhere()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            found.asked.append((self.command, self.path, self.headers.get("authorization")))
            status, told = found.answers.get(self.path, (404, {}))
            body = told if isinstance(told, bytes) else json.dumps(told).encode()
            self.send_response(status)
            if status == 302:
                self.send_header("location", found.url)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def server():
    with elsewhere() as found:
        yield found


@pytest.fixture
def yard(tmp_path, monkeypatch):
    monkeypatch.setenv("MODELYARD_MONITORING__SCOPES", '["public", "127.0.0.0/8"]')
    with closing(modelyard.open(tmp_path / "yard", actor="ada")) as yard:
        yield yard


def externals(yard):
    found = yard.monitoring.show(kind="external")
    return {each.name: (each.status, each.why) for each in found}


def test_one_address_answers_fails_vanishes_and_is_back(yard, server):
    server.answers["/ping"] = (200, {})
    made = yard.scopes.create(name="partner", address=f"{server.url}/ping", token=TOKEN)
    assert (made.has_token, externals(yard)) == (True, {})
    look_at_due(yard.open(), lambda: True)  # a worker that stops asks nothing more
    assert server.asked == []
    run_errands(yard.open(), lambda: False)
    assert server.asked == [("GET", "/ping", f"Bearer {TOKEN}")]
    run_errands(yard.open(), lambda: False)
    assert len(server.asked) == 1, "it is not due yet"
    assert externals(yard) == {"partner": ("healthy", "it answered 200")}
    server.answers["/ping"] = (503, {})
    assert yard.scopes.refresh(name="partner").endpoints[0].status == "error"
    assert externals(yard) == {"partner": ("error", "it answered 503")}
    del server.answers["/ping"]
    seen = yard.scopes.refresh(name="partner").endpoints[0]
    assert (seen.vanished, seen.why, seen.seen is not None) == (True, "it is no longer there", True)
    assert yard.monitoring.show(kind="project")[0].status == "error"
    assert yard.scopes.forget(name="partner", endpoint="partner").endpoints == ()
    server.answers["/ping"] = (302, {})
    yard.scopes.refresh(name="partner")
    assert externals(yard) == {"partner": ("healthy", "it answered 302")}, "and is not followed"
    (told,) = yard.monitoring.endpoints()
    assert (told.kind, told.scope, told.status, told.queries) == (
        *("external", "partner", "healthy", None),
    )
    yard.scopes.delete(name="partner")
    assert externals(yard) == {}


def test_what_a_server_lists_is_watched_until_it_is_forgotten(yard, server):
    server.answers[INDEX] = (
        200,
        [
            {"name": "churn", "version": "1", "state": "UNAVAILABLE", "reason": "unloaded"},
            {"name": "churn", "version": "2", "state": "READY"},
            {"name": "late", "state": "UNAVAILABLE", "reason": "out of memory"},
        ],
    )
    yard.scopes.create(name="triton", kind="inference", address=server.url)
    yard.scopes.refresh(name="triton")
    assert externals(yard) == {
        "triton/churn": ("healthy", "it is ready"),
        "triton/late": ("error", "it is unavailable: out of memory"),
    }
    notice(yard.open())
    server.answers[INDEX] = (200, [{"name": "late", "state": "READY"}])
    yard.scopes.refresh(name="triton")
    assert externals(yard) == {
        "triton/churn": ("error", "it is no longer there"),
        "triton/late": ("healthy", "it is ready"),
    }
    with pytest.raises(errors.Conflict, match="still there"):
        yard.scopes.forget(name="triton", endpoint="late")
    with pytest.raises(errors.NotFound, match="there are"):
        yard.scopes.forget(name="triton", endpoint="nobody")
    server.answers[INDEX] = (200, b"<html>")
    yard.scopes.refresh(name="triton")
    assert externals(yard)["triton/late"] == ("error", "its list of endpoints is no JSON")
    assert externals(yard)["triton/churn"] == ("error", "it is no longer there")
    yard.scopes.forget(name="triton", endpoint="churn")
    assert set(externals(yard)) == {"triton/late"}


def test_serving_endpoints_of_databricks(yard, server):
    ready = {"ready": "READY", "config_update": "NOT_UPDATING"}
    server.answers[LISTED] = (
        200,
        {
            "endpoints": [
                {"name": "good", "state": ready},
                {"name": "stuck", "state": {**ready, "config_update": "UPDATE_FAILED"}},
                {"name": "down", "state": {"ready": "NOT_READY"}},
            ]
        },
    )
    yard.scopes.create(name="bricks", kind="databricks", address=f"{server.url}/", token=TOKEN)
    assert {each.name: each.status for each in yard.scopes.test(name="bricks").endpoints} == {
        "good": "healthy",
        "stuck": "warning",
        "down": "error",
    }
    assert externals(yard) == {}, "a test keeps nothing"
    server.answers[LISTED] = (403, {})
    with pytest.raises(errors.Failed, match="token is missing"):
        yard.scopes.test(name="bricks")


def test_a_server_that_is_nowhere(yard):
    yard.scopes.create(name="gone", kind="mlflow", address=f"http://127.0.0.1:{free_port()}")
    with pytest.raises(errors.Unavailable, match="cannot be reached"):
        yard.scopes.test(name="gone")
    assert "cannot be reached" in yard.scopes.refresh(name="gone").problem
    assert externals(yard)["gone"][0] == "error"


def test_a_token_stays_with_its_server_and_is_in_no_list_log_or_backup(yard, server, tmp_path):
    yard.scopes.create(name="partner", address=f"{server.url}/a", token=TOKEN)
    assert yard.scopes.update(name="partner", address=f"{server.url}/b").has_token
    with elsewhere() as other:
        assert not yard.scopes.update(name="partner", address=other.url).has_token
        yard.scopes.refresh(name="partner")
        assert other.asked == [("GET", "/", None)]
    yard.scopes.update(name="partner", token=TOKEN)
    yard.backups.create(to=str(tmp_path / "backup"))
    told = f"{yard.scopes.list()} {yard.audit.list(limit=50)}"
    assert TOKEN not in told
    assert TOKEN.encode() not in (tmp_path / "backup").read_bytes()
    assert not yard.scopes.update(name="partner", token="").has_token


@pytest.mark.parametrize("address", ["http://127.0.0.1:1/", "http://169.254.169.254/latest"])
def test_hosts_inside_are_called_only_where_the_settings_say_so(tmp_path, address):
    with closing(modelyard.open(tmp_path / "yard")) as yard:
        with pytest.raises(errors.Forbidden, match=r"monitoring may call.*monitoring\.scopes"):
            yard.scopes.create(name="inside", address=address)
        yard.scopes.create(name="later", address="http://nobody.invalid/")
        assert "nobody knows the host" in yard.scopes.refresh(name="later").problem
        with pytest.raises(errors.Forbidden):
            yard.scopes.update(name="later", address=address)
        with pytest.raises(errors.Conflict, match="already"):
            yard.scopes.create(name="later", address="http://nobody.invalid/")


def test_a_project_goes_with_its_scopes(yard, server):
    yard.projects.create(key="brief")
    yard.scopes.create(name="partner", address=server.url, token=TOKEN, project="brief")
    yard.projects.delete(key="brief", force=True)
    yard.projects.create(key="brief")
    assert yard.scopes.list(project="brief") == []


def sent(client, path, **typed):
    shown = client.get(path).text
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', shown))
    hidden = {name: html.unescape(text) for name, text in hidden.items()}
    return client.post(path, data=hidden | typed).text


def test_pages_make_try_and_forget(yard, server):
    server.answers[INDEX] = (200, [{"name": "churn", "state": "READY"}])
    at = "/projects/default"
    with TestClient(create_app(yard, no_auth=True), "http://127.0.0.1") as client:
        made = sent(client, f"{at}/new-scope", name="triton", kind="inference", address=server.url)
        assert "It is asked at the next look" in made
        assert "1 endpoint found there, and all is well." in sent(
            client, f"{at}/scopes/triton/test"
        )
        sent(client, f"{at}/scopes/triton/refresh")
        server.answers[INDEX] = (200, [])
        sent(client, f"{at}/scopes/triton/refresh")
        shown = client.get(f"{at}/scopes/triton").text
        assert f"{at}/scopes/triton/forget?endpoint=churn" in shown
        for page in ("/monitoring", "/monitoring/endpoints", f"{at}/monitoring"):
            assert f'href="{at}/scopes/triton"' in client.get(page).text
        gauge = 'modelyard_status{kind="external",name="triton/churn",project="default"} 2.0'
        assert gauge in client.get("/metrics").text
        assert "It is forgotten." in sent(client, f"{at}/scopes/triton/forget", endpoint="churn")
        server.answers.clear()
        assert "t answered 404 where it should list" in sent(client, f"{at}/scopes/triton/test")
        assert "It is deleted." in sent(client, f"{at}/scopes/triton/delete")
