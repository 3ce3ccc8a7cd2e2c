"""The query API: what it takes, what it answers, what it refuses and how."""

from __future__ import annotations

import json

import pytest
from dataikuapi import APINodeClient
from dataikuapi.utils import DataikuException
from tests.rooms.serving.http.served import ANN, probability

P = probability(30, 12.5)


def test_one_row_is_answered_as_clients_of_dss_expect(served):
    answer = served.predict({"features": ANN, "context": {"order": 7}})
    assert answer.status_code == 200
    assert answer.headers["dss-api-version"]
    assert answer.headers["dss-version"]
    told = answer.json()
    assert told["result"] == {
        "prediction": "yes",
        "probas": {"no": pytest.approx(1 - P), "yes": pytest.approx(P)},
        "probaPercentile": 57,
        "ignored": False,
    }
    assert told["apiContext"] == {
        "serviceId": "churn-api",
        "endpointId": "churn",
        "serviceGeneration": "p1",
    }
    assert told["timing"]["total"] > 0
    event = served.noted[-1]
    assert (event.contexts, event.request_id) == ([{"order": 7}], answer.headers["x-request-id"])


def test_the_clients_request_id_is_taken_over_unless_it_cannot_be_sent(served):
    path = "/public/api/v1/churn-api/churn/predict"
    answer = served.post(path, {"features": ANN}, x_request_id="order-7")
    assert answer.headers["x-request-id"] == "order-7"
    long = served.post(path, {"features": ANN}, x_request_id="x" * 200)
    assert long.headers["x-request-id"] != "x" * 200
    assert served.predict({"features": ANN}).headers["x-request-id"] not in ("", "order-7")


def test_the_key_that_opens_a_service_is_not_shown_to_its_functions(served):
    key = served.node.keys.create(service="closed").secret
    path = "/public/api/v1/closed/double/run"
    served.post(path, {"shown": True}, authorization=f"Bearer {key}", x_mine="a")
    answer = served.post(path, {"shown": True}, x_dku_apiticket=key, x_mine="b").json()
    assert answer["response"]["x-mine"] == "b"
    assert not {"authorization", "x-dku-apiticket"} & set(answer["response"])
    span = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    served.post("/public/api/v1/churn-api/churn/predict", {"features": ANN}, traceparent=span)
    assert served.noted[-1].caller.trace == span


def test_several_rows_are_answered_in_order_and_refused_ones_alone(served):
    rows = [ANN, ANN | {"age": -1}, ANN | {"age": 70}]
    told = served.predict({"items": [{"features": row} for row in rows]}, action="predict-multi")
    first, refused, last = told.json()["results"]
    assert first["probas"]["yes"] == pytest.approx(P)
    assert last["probas"]["yes"] == pytest.approx(probability(70, 12.5))
    assert refused == {
        "ignored": True,
        "ignoreReason": "IGNORED_BY_MODEL",
        "ignoreDetail": "age: is below 0",
    }
    assert served.predict({"items": []}, action="predict-multi").json()["results"] == []
    alone = served.predict({"features": ANN | {"age": -1}})
    assert (alone.status_code, alone.json()["detail"]) == (
        400,
        "age: is below 0",
    )


def test_a_row_may_stand_in_the_query(served):
    base = "/public/api/v1/churn-api/churn/predict-simple"
    told = served.http.get(f"{base}?age=30&fare=12.5&city=Osl%C3%B8+by&unknown=1").json()
    assert told["result"]["probas"]["yes"] == pytest.approx(P)
    assert served.noted[-1].rows[0]["city"] == "Oslø by"
    wrong = served.http.get(f"{base}?age=thirty&fare=1")
    assert wrong.status_code == 400
    assert wrong.json()["detail"] == "age: has to be a finite number, not 'thirty'"
    assert served.http.get(f"{base}?age=1&age=2&fare=1").json()["context"]["field"] == "age"
    for text in ("1_0", "1.5", "inf", "1e999"):
        assert served.http.get(f"{base}?age={text}&fare=1").status_code == 400
    assert served.http.get(f"{base}?age=1e1&fare=1").status_code == 200


def test_the_other_kinds_are_asked_in_their_own_way(served):
    price = served.predict({"features": {"age": 3, "fare": 0.5}}, "price").json()["result"]
    assert price == {"prediction": 1.5, "ignored": False}
    direct = served.predict({"features": {"age": 3, "fare": 0.5}}, "frame").json()["result"]
    assert direct == {"prediction": {"sum": 3.5, "note": "3"}, "ignored": False}
    assert served.predict({"x": 4}, "double", "run").json()["response"] == 8
    assert served.post("/public/api/v1/churn-api/double/run", b"").json()["response"] == 2
    made = served.predict({"made": "tea"}, "double", "run")
    assert (made.status_code, made.headers["x-made"], made.json()) == (201, "yes", {"made": "tea"})
    found = served.predict({"data": {"id": 2}}, "city", "lookup").json()["results"]
    assert found == [{"data": {"city": "Rome"}}]
    both = {"items": [{"data": {"id": 1}}, {"data": {"id": 9}}]}
    assert served.predict(both, "city", "lookup-multi").json()["results"] == [
        {"data": {"city": "Oslo"}},
        {"data": {}, "ignored": True, "ignoreReason": "NO_MATCH"},
    ]
    wrong = served.predict({"features": {}}, "double")
    assert (wrong.status_code, wrong.json()["code"]) == (422, "unsupported")
    assert "ask it by …/run" in wrong.json()["detail"]


REFUSED = {
    b"": "the body is not JSON: it is empty",
    b"{": "the body is not JSON: Input data was truncated",
    b"[]": "Expected `object`, got `array`",
    b'{"features": {}, "features2": {}}': "Object contains unknown field `features2`",
    b"{}": "Object missing required field `features`",
    b'{"features": []}': "features: Expected `object`, got `array`",
    b'{"features": {"age": NaN}}': "the body is not JSON",
    b'{"features": {"age": 1e999}}': "age: Number out of range",
    b'{"features": {"age": "x", "fare": 1}}': "feature 'age' holds 'x'",
    b'{"features": {"age": 1}}': "feature 'fare' is missing",
    b'{"features": {"age": 99999999999999999999, "fare": 1}}': "feature 'age' holds",
    b'{"features": {"age": 1, "fare": 1e400}}': "fare: Number out of range",
    b'{"features": {"age": 1, "fare": [1e400]}}': "Number out of range",
    b'{"features": {"age": 1, "fare": 1, "city": "\\ud800"}}': "the body is not JSON",
    b'{"features": {"age": ' + b"[" * 100_000: "nested too deeply",
    b"\xff\xfe": "the body is not JSON",
    b'{"features": {"age": 1, "fare": 1, "city": "\xff"}}': "not JSON: b'\\xff' in it is not UTF-8",
    json.dumps({"features": ANN, "dispatch": {"forcedGeneration": "p9"}}).encode(): "'p9'",
    json.dumps({"features": ANN, "dispatch": {"key": 1}}).encode(): "dispatch: Object contains",
}


@pytest.mark.parametrize("body", REFUSED, ids=lambda body: body[:40].decode("latin-1"))
def test_a_query_that_does_not_fit_says_why(served, body):
    answer = served.predict(body)
    told = answer.json()
    assert answer.status_code == 400, told
    assert answer.headers["content-type"] == "application/problem+json"
    assert told["detail"].startswith(REFUSED[body]) or REFUSED[body] in told["detail"]
    assert told["errorType"] == "Invalid"
    assert told["message"] == told["detailedMessage"] == told["error"] == told["detail"]
    assert told["status"] == 400
    assert told["instance"] == f"urn:request:{answer.headers['x-request-id']}"


def test_explanations_are_refused_only_where_they_are_asked_for(served):
    nothing = {"enabled": None, "method": None, "nExplanations": None, "nMonteCarloSteps": None}
    off = nothing | {"enabled": False, "method": "ICE"}
    for unasked in (nothing, off, {}, None):
        assert served.predict({"features": ANN, "explanations": unasked}).status_code == 200
    for asked in (nothing | {"enabled": True}, nothing | {"method": "SHAPLEY"}):
        answer = served.predict({"features": ANN, "explanations": asked})
        assert (answer.status_code, answer.json()["code"]) == (422, "unsupported")


def test_slashes_are_passed_over_and_methods_are_not(served):
    path = "//public/api/v1//churn-api/churn/predict/"
    assert served.post(f"{served.url}{path}", {"features": ANN}).status_code == 200
    got = served.http.get("/public/api/v1/churn-api/churn/predict")
    assert (got.status_code, got.headers["allow"]) == (405, "POST")
    assert served.http.head("/isAlive/").status_code == 200
    for lost in ("/", "/public/api/v1/churn-api", "/public/api/v1/nobody/churn/predict"):
        answer = served.post(lost, {"features": ANN})
        assert (answer.status_code, answer.json()["errorType"]) == (404, "NotFound")


def test_the_unmodified_client_of_dss_works(served):
    client = APINodeClient(f"{served.url}/", "churn-api")
    one = client.predict_record("churn", ANN, dispatch_key="ann", context={"a": 1})
    assert one["result"]["prediction"] == "yes"
    several = client.predict_records("churn", [{"features": ANN}], forced_generation="p1")
    assert several["results"][0]["prediction"] == "yes"
    assert client.lookup_record("city", {"id": 1})["data"] == {"city": "Oslo"}
    assert client.lookup_records("city", [{"data": {"id": 2}}])["results"][0]["data"]
    assert client.run_function("double")["response"] == 2
    assert client.run_function("double", x=3)["response"] == 6
    with pytest.raises(DataikuException, match="Invalid: feature 'age' is missing"):
        client.predict_record("churn", {})
    with pytest.raises(DataikuException, match="Unsupported: explanations"):
        client.predict_record("churn", ANN, with_explanations=True)
