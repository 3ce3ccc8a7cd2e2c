"""What is around the queries: keys, health, numbers, descriptions, administration, limits."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
import threading

import jsonschema_rs
import pytest
from dataikuapi import APINodeAdminClient, APINodeClient
from dataikuapi.utils import DataikuException
from tests.rooms.serving.http.served import ANN, Served, package

from modelyard.serving.http.problems import Refused
from modelyard.serving.http.requests import Bodies

CLOSED = "/public/api/v1/closed/churn/predict"
ASK = {"features": ANN}


def basic(user: str, password: str = "") -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.fixture(scope="module")
def keys(served):
    """A secret of the service, one of an endpoint of it, one of an admin, and a read-only one."""
    create = served.node.keys.create
    return {
        "service": create(service="closed", label="web").secret,
        "endpoint": create(service="closed", endpoint="price").secret,
        "admin": create(label="ops").secret,
        "looks": create(label="looks", read_only=True).secret,
    }


def test_a_service_with_keys_is_asked_with_one(served, keys):
    ways = [
        {"authorization": basic(keys["service"])},
        {"authorization": basic("", keys["service"])},
        {"authorization": f"Bearer {keys['service']}"},
        {"x_dku_apiticket": keys["service"]},
    ]
    for way in ways:
        assert served.post(CLOSED, ASK, **way).status_code == 200
        assert (served.noted[-1].caller.kind, served.noted[-1].caller.label) == ("service", "web")
    for nobody in ({}, {"authorization": "Bearer x"}, {"authorization": basic(keys["admin"])}):
        answer = served.post(CLOSED, ASK, **nobody)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Basic")
    for wrong in ("Digest x", "Basic !", "Basic /w=="):
        assert served.post(CLOSED, ASK, authorization=wrong).status_code == 401
    other = {"authorization": basic(keys["endpoint"])}
    assert served.post(CLOSED, ASK, **other).status_code == 403
    assert served.post(CLOSED.replace("churn/", "price/"), ASK, **other).status_code == 200
    assert served.post("/closed/churn/invocations", {"inputs": [ANN]}).status_code == 401
    assert served.post("/v2/models/closed.churn/infer", {"inputs": []}).status_code == 401
    assert served.http.get("/public/api/v1/closed/openapi").status_code == 401
    client = APINodeClient(served.url, "closed", api_key=keys["service"])
    assert client.predict_record("churn", ANN)["result"]["prediction"] == "yes"
    client = APINodeClient(served.url, "closed", bearer_token=keys["service"])
    assert client.predict_record("churn", ANN)["result"]["prediction"] == "yes"


def test_a_file_says_that_the_node_is_not_alive_while_it_answers(served):
    assert served.http.get("/isAlive/").status_code == 200
    served.folder.not_alive.touch()
    try:
        for path in ("/isAlive/", "/ping", "/v2/health/ready", "/v2/models/churn-api.churn/ready"):
            answer = served.http.get(path)
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert served.http.get("/v2/health/live").status_code == 200
        assert served.predict(ASK).status_code == 200
    finally:
        served.folder.not_alive.unlink()
    served.stopping.now = True
    try:
        assert served.http.get("/isAlive/").status_code == 503
        assert served.predict(ASK).headers["connection"] == "close"
    finally:
        served.stopping.now = False


def test_numbers_are_told_with_an_admin_key(served, keys):
    assert served.http.get("/metrics").status_code == 401
    told = served.http.get("/metrics", headers={"authorization": f"Bearer {keys['looks']}"})
    assert told.headers["content-type"].startswith("text/plain")
    assert 'modelyard_refused_total{kind="unauthenticated"}' in told.text


def test_the_unmodified_admin_client_of_dss_switches_generations(served, keys, tmp_path):
    admin = APINodeAdminClient(served.url, keys["admin"])
    assert {each["serviceId"]: each["enabled"] for each in admin.list_services()} == {
        "churn-api": True,
        "closed": True,
    }
    admin.create_service("extra")
    extra = admin.service("extra")
    assert extra.list_generations() == []
    brought = package(tmp_path, "extra", "p1").rename(served.folder.stages / "extra-p1.zip")
    extra.import_generation_from_archive(str(brought))
    brought.unlink()
    assert [each["generation"] for each in extra.list_generations()] == ["p1"]
    extra.preload_generation("p1")
    assert extra.switch_to_newest()["mapping"]["entries"] == {"p1": 1.0}
    client = APINodeClient(served.url, "extra")
    assert client.predict_record("churn", ANN)["apiContext"]["serviceGeneration"] == "p1"
    extra.disable()
    with pytest.raises(DataikuException, match="Unavailable: extra is disabled"):
        client.predict_record("churn", ANN)
    extra.enable()
    extra.set_generations_mapping({"entries": [{"generation": "p1", "proba": 1}]})
    extra.switch_to_single_generation("p1")
    with pytest.raises(DataikuException, match="Forbidden"):
        extra.import_generation_from_archive("/etc/passwd")
    extra.delete()
    admin.clean_unused_services_and_generations()


def test_the_unmodified_admin_client_of_dss_keeps_keys(served, keys):
    admin = APINodeAdminClient(served.url, keys["admin"])
    keyring = admin.auth()
    made = keyring.add_key(label="ci", description="d", created_by="me")
    assert made["id"] in {each["id"] for each in keyring.list_keys()}
    keyring.delete_key(made["secret"])
    keyring.delete_key_by_id(keyring.add_key(label="two")["id"])
    assert not {"ci", "two"} & {each["label"] for each in keyring.list_keys()}
    assert "windows" in admin.get_metrics()
    for key in ("wrong", keys["service"]):
        with pytest.raises(DataikuException, match="Unauthenticated"):
            APINodeAdminClient(served.url, key).list_services()
    looks = APINodeAdminClient(served.url, keys["looks"])
    assert len(looks.list_services()) == 2
    with pytest.raises(DataikuException, match=r"Forbidden: the key \w+ is read-only"):
        looks.create_service("more")


def test_a_package_may_be_sent(served, keys, tmp_path):
    path = "/admin/api/services/sent/generations/actions/importFromArchive"
    body = package(tmp_path, "sent", "p1").read_bytes()
    told = served.post(
        path, body, content_type="application/zip", authorization=f"Bearer {keys['admin']}"
    )
    assert (told.status_code, told.json()["generation"]) == (200, "p1")
    again = served.post(
        path.replace("sent", "other"),
        body,
        content_type="application/zip",
        authorization=f"Bearer {keys['admin']}",
    )
    assert again.status_code == 400
    refused = served.post(
        path, body, content_type="application/zip", authorization=f"Bearer {keys['looks']}"
    )
    assert refused.status_code == 403
    assert list(served.folder.stages.iterdir()) == []
    served.node.delete(service="sent")


def test_services_are_described_with_the_real_signature(served):
    told = served.http.get("/public/api/v1/churn-api/swagger").json()
    assert told == served.http.get("/public/api/v1/churn-api/openapi").json()
    assert told["openapi"] == "3.1.0"
    post = told["paths"]["/public/api/v1/churn-api/churn/predict"]["post"]
    body = post["requestBody"]["content"]["application/json"]
    features = body["schema"]["properties"]["features"]
    assert features["required"] == ["age", "fare"]
    assert features["properties"]["age"] == {"type": "integer", "format": "int64"}
    assert features["properties"]["city"]["type"] == ["string", "null"]
    assert body["examples"]["ann"]["value"] == {"features": ANN}
    asks = jsonschema_rs.Draft202012Validator(body["schema"])
    assert asks.is_valid({"features": ANN, "dispatch": {"dispatchKey": "a"}})
    assert not asks.is_valid({"features": {"age": 1.5, "fare": 1}})
    shared = {"components": told["components"]}
    for path, ask in (
        ("churn/predict", ASK),
        ("price/predict", ASK),
        ("frame/predict", ASK),
        ("churn/predict-multi", {"items": [ASK]}),
        ("double/run", {"x": 1}),
        ("city/lookup", {"data": {"id": 1}}),
        ("city/lookup-multi", {"items": [{"data": {"id": 9}}]}),
    ):
        way = f"/public/api/v1/churn-api/{path}"
        described = told["paths"][way]["post"]["responses"]
        schema = described["200"]["content"]["application/json"]["schema"] | shared
        jsonschema_rs.Draft202012Validator(schema).validate(served.post(way, ask).json())
        problem = served.post(way, b"{").json()
        jsonschema_rs.Draft202012Validator(told["components"]["schemas"]["Problem"]).validate(
            problem
        )
    alone = served.http.get("/public/api/v1/churn-api/price/openapi").json()
    assert {path.split("/")[-2] for path in alone["paths"]} == {"price"}
    ids = [way["operationId"] for ways in told["paths"].values() for way in ways.values()]
    assert len(set(ids)) == len(ids)


def test_bodies_have_a_limit(served):
    path = "/public/api/v1/churn-api/churn/predict"
    large = json.dumps({"features": ANN | {"city": "x" * 1_100_000}}).encode()
    answer = served.post(path, large)
    assert (answer.status_code, answer.json()["title"]) == (413, "Too large")
    pieces = served.http.post(path, content=iter([b"[" * 600_000, b"[" * 600_000]))
    assert pieces.status_code == 413
    assert served.predict({"features": ANN | {"city": "x" * 900_000}}).status_code == 200


def raw_talk(served: Served, sent: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", served.port), timeout=20) as talk:
        talk.sendall(sent)
        heard = b""
        while part := talk.recv(65536):
            heard += part
        return heard


HEAD = b"POST /public/api/v1/churn-api/churn/predict HTTP/1.1\r\nhost: x\r\n"


def test_slow_and_wrong_clients_are_let_go(served):
    slow = {
        "no headers": (b"", b""),
        "half a header": (HEAD, b""),
        "half a body": (HEAD + b"content-length: 100\r\n\r\n{", b"408"),
        "a body of drops": (HEAD + b"transfer-encoding: chunked\r\n\r\n1\r\n{\r\n", b"408"),
        "no request": (b"hello\r\n\r\n", b"400"),
        "huge headers": (HEAD + b"x: " + b"y" * 9000 + b"\r\n\r\n", b"431"),
        "many headers": (HEAD + b"x: y\r\n" * 200 + b"\r\n", b"431"),
    }
    heard = {}

    def talk(name, sent):
        heard[name] = raw_talk(served, sent)

    threads = [threading.Thread(target=talk, args=(name, sent)) for name, (sent, _) in slow.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    for name, (_, status) in slow.items():
        assert heard[name][9:12] == status, (name, heard[name])
        assert not status or b'"errorType"' in heard[name]


async def parts(*given):
    for each in given[:-1]:
        yield {"type": "http.request", "body": each, "more_body": True}
    yield {"type": "http.request", "body": given[-1], "more_body": False}


def test_large_bodies_share_a_limit():
    asyncio.run(share_a_limit())


async def share_a_limit():
    bodies = Bodies(largest=100, together=150)
    whole, held = await bodies.read({}, parts(b"x" * 60, b"y" * 40).__anext__)
    assert (len(whole), held) == (100, 100)
    with pytest.raises(Refused) as refused:
        await bodies.read({}, parts(b"x" * 60, b"y").__anext__)
    assert refused.value.status == 503
    bodies.release(held)
    assert (await bodies.read({}, parts(b"x" * 60, b"y").__anext__))[1] == 61


def test_what_was_asked_is_told_over_http(served, keys):
    told = served.http.get("/admin/api/activity?minutes=5&by=service", auth=(keys["looks"], ""))
    assert (told.status_code, told.json()) == (200, [])
    path = "/admin/api/services/churn-api/endpoints/churn/queries"
    log = served.folder.logs / "queries" / "churn-api" / "churn"
    log.mkdir(parents=True)
    line = {"time": "2026-03-01T00:00:00Z", "type": "prediction", "service": "churn-api"}
    line |= {"endpoint": "churn", "generation": "p1", "request_id": "r1"}
    (log / "20260301T000000.000000Z-1.jsonl").write_text(json.dumps(line) + "\n")
    found = served.http.get(f"{path}?limit=3&outcome=answered", auth=(keys["looks"], "")).json()
    assert [each["request_id"] for each in found["queries"]] == ["r1"]
    wrong = served.http.get(f"{path}?outcome=lost", auth=(keys["looks"], ""))
    assert (wrong.status_code, "outcome" in wrong.json()["detail"]) == (400, True)
    assert served.http.get(path).status_code == 401
