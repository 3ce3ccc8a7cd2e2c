"""Services, endpoints and packages: designed by forms, seen in a real browser."""

from __future__ import annotations

import html
import json
import re
import time
from uuid import uuid4

import pytest
from sqlalchemy import update
from starlette.testclient import TestClient
from tests.rooms.services.conftest import CUSTOMERS, PRICE, made, yard  # noqa: F401
from tests.running_server import RunningServer

from modelyard.store.tables import jobs
from modelyard.web.app import create_app

ALL = "/projects/default/services"
HOSTILE = "<b onclick=alert(1)>x"
ROW = {"age": 41, "fare": 12.5, "said": HOSTILE}


@pytest.fixture
def client(yard):  # noqa: F811
    with TestClient(create_app(yard, no_auth=True), "http://127.0.0.1") as client:
        yield client


@pytest.fixture
def service(yard):  # noqa: F811
    """The name of a service with an endpoint of each kind, and two packages."""
    name = f"pages-{uuid4().hex}"
    yard.services.create(name=name, description=HOSTILE, endpoint={"late": "late"})
    yard.queries.add(service=name, endpoint="late", name="one", value=ROW)
    look = {"dataset": "customers", "key": {"customer": "id"}, "column": {"fare": "fare"}}
    yard.endpoints.enrich(service=name, endpoint="late", name="customers", **look)
    yard.packages.create(service=name, package="p1", notes=HOSTILE)
    yard.endpoints.lookup(service=name, endpoint="who", **look)
    yard.packages.create(service=name, package="p2")
    return name


def sent(client, path, **typed):
    """A form with what was typed, as a browser sends it; gives the page that it leads to."""
    shown = client.get(path).text
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', shown))
    hidden = {name: html.unescape(text) for name, text in hidden.items()}
    return client.post(path, data=hidden | typed).text


@pytest.mark.slow
def test_the_pages_are_fit_to_be_seen(browser, service, made, shots):  # noqa: F811
    from tests.browser import Visitor

    at = f"{ALL}/{service}"
    with RunningServer(made / "yard", "--workers", "0") as server:
        visitor = Visitor(browser, server.url)
        for path in (ALL, at, f"{at}/endpoints/late", f"{at}/endpoints/late/edit"):
            visitor.look_at(path, shots)
        visitor.look_at(f"{at}/packages/p2", shots)
        visitor.close()


def test_a_service_is_designed_by_forms(client, yard, made):  # noqa: F811
    name = f"designed-{uuid4().hex}"
    at = f"{ALL}/{name}"
    shown = sent(client, "/projects/default/new-service", name=name, access="keys")
    assert "It answers nothing yet" in shown
    one = sent(client, f"{at}/new-endpoint", endpoint="late", model="late", version="v1")
    assert "No test query yet" in one
    assert "From the signature of late v1" in one
    at_one = f"{at}/endpoints/late"
    reactions = {"missing_key": "ignore", "no_match": "missing", "several_matches": "first"}
    look = {"dataset": "customers", "key": "customer=id", "column": "age=fare"}
    shown = sent(client, f"{at_one}/new-enrichment", name="customers", **look, **reactions)
    assert "ignored, goes on without, the first is taken" in shown
    begun = html.unescape(client.get(f"{at_one}/new-query").text)
    assert [f'"{name}"' in begun for name in ("fare", "customer", "age")] == [True, True, False]
    sent(client, f"{at_one}/new-query", name="one", value='{"age": 41, "fare": 9}')
    truth = str(made / "truth.csv")
    shown = sent(client, f"{at_one}/generate-queries", dataset=truth, rows="2")
    assert [f"row-{at}" in shown for at in (1, 2, 3)] == [True, True, False]
    assert "curl http://127.0.0.1:8500/public/api/v1" in shown
    chosen = client.get(f"{at_one}/delete-queries?names=row-1").text
    assert re.findall(r'value="([^"]*)" checked', chosen) == ["row-1"]
    sent(client, f"{at_one}/delete-queries?names=row-1", names="row-1")
    direct = {"model": "late", "version": "", "output": "direct"}
    sent(client, f"{at_one}/edit", **direct, pool="floor=2\nceil=3")
    found = yard.endpoints.show(service=name, endpoint="late")
    assert (found.version, found.output, found.pool.floor, found.pool.ceil) == (
        None, "direct", 2, 3,
    )  # fmt: skip
    assert [each.name for each in found.test_queries] == ["one", "row-2"]
    assert yard.services.show(name=name).access == "keys"


def test_what_was_designed_is_deleted_again(client, yard):  # noqa: F811
    name = f"deleted-{uuid4().hex}"
    at = f"{ALL}/{name}"
    sent(client, "/projects/default/new-service", name=name, endpoint="late=late")
    look = {"dataset": "customers", "key": "customer=id", "column": "fare=fare"}
    at_one = f"{at}/endpoints/late"
    sent(client, f"{at_one}/new-enrichment", name="customers", **look)
    sent(client, f"{at}/new-lookup", endpoint="who", **look)
    assert "who" in client.get(at).text
    sent(client, f"{at_one}/enrichments/customers/delete")
    assert yard.endpoints.show(service=name, endpoint="late").lookups == ()
    sent(client, f"{at}/endpoints/who/delete")
    sent(client, f"{at}/delete", force="true")
    assert client.get(at).status_code == 404


def test_faults_are_told_at_their_fields(client, service):
    at = f"{ALL}/{service}"
    assert "There is no saved model" in sent(
        client, f"{at}/new-endpoint", endpoint="x", model="nobody"
    )
    unknown = {"dataset": "customers", "key": "customer=nobody", "column": "plan=plan"}
    assert "no column of" in sent(client, f"{at}/new-lookup", endpoint="x", **unknown)
    assert "Is not JSON" in sent(client, f"{at}/endpoints/late/new-query", name="x", value="{")
    old = client.get(f"{at}/endpoints/late/edit").text
    (seen,) = re.findall(r'name="seen" value="([^"]*)"', old)
    sent(client, f"{at}/endpoints/late/edit", model="late", description="Newer")
    late = {"seen": html.unescape(seen), "model": "late", "description": "Older"}
    assert "omeone changed it meanwhile" in client.post(f"{at}/endpoints/late/edit", data=late).text


def test_test_queries_are_answered_by_a_job(client, yard, service):  # noqa: F811
    begun = client.post(f"{ALL}/{service}/test", data={"csrf": ""})
    assert "Waits for a free worker" in begun.text
    (job,) = yard.jobs.list(limit=1)
    outcome = {
        "service": service,
        "failed": 1,
        "endpoints": [
            {"endpoint": "late", "kind": "prediction", "outcome": "loaded", "queries": 2,
             "load_seconds": 2.5},
        ],
        "queries": [
            {"endpoint": "late", "query": "one", "outcome": "failed", "milliseconds": 3.0,
             "problem": f"it is {HOSTILE}"},
            {"endpoint": "late", "query": "two", "outcome": "as_expected", "milliseconds": 3.0,
             "answer": {"prediction": HOSTILE}},
        ],
    }  # fmt: skip
    ended = {"state": "succeeded", "ended": time.time(), "result": json.dumps(outcome)}
    with yard.open().begin() as db:
        db.execute(update(jobs).where(jobs.c.id == job.id).values(**ended))
    renewing = {"hx-request": "true", "hx-target": "now"}
    part = client.get(f"{ALL}/{service}/tests/{job.id}", headers=renewing)
    assert (part.status_code, "<html" in part.text) == (200, False)
    assert "As expected" in part.text
    shown = client.get(f"{ALL}/{service}/tests/{job.id}").text
    assert "1 endpoint or query failed" in shown
    assert "As expected" in shown
    assert "<b onclick" not in shown
    assert f"{ALL}/{service}/tests/{job.id}" in client.get(f"/jobs/{job.id}").text
    assert client.get(f"{ALL}/other/tests/{job.id}").status_code == 404


def test_a_package_is_compared_fetched_and_deleted(client, yard, service):  # noqa: F811
    at = f"{ALL}/{service}/packages"
    shown = client.get(f"{at}/p2").text
    assert "Compared with p1" in shown
    assert ">who<" in shown
    assert "What is different" not in client.get(f"{at}/p1").text
    assert "Compared with p2" in client.get(f"{at}/p1?before=p2").text
    fetched = client.get(f"{at}/p1/archive")
    assert fetched.headers["content-disposition"].endswith(f'"{service}-p1.zip"')
    assert len(fetched.content) == yard.packages.show(service=service, package="p1").size
    assert 'value="p3"' in client.get(f"{ALL}/{service}/new-package").text
    sent(client, f"{at}/p1/delete")
    assert [each.package for each in yard.packages.list(service=service)] == ["p2"]


def test_what_others_wrote_is_text(client, service):
    for path in ("", f"/{service}", f"/{service}/endpoints/late", f"/{service}/packages/p1"):
        assert "<b onclick" not in client.get(f"{ALL}{path}").text
