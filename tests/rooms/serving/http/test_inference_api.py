"""The Open Inference Protocol, as its specification has it."""

from __future__ import annotations

import json
import struct

import pytest
from tests.rooms.serving.http.served import CHURN, make_node, prediction, probability

from modelyard.serving.folder import NodeFolder
from modelyard.serving.http.inference_inputs import sent_columns
from modelyard.serving.packages.types import Enrichment
from modelyard.serving.plane import Described

MODEL = "/v2/models/churn-api.churn"
AGE = {"name": "age", "shape": [2], "datatype": "INT64", "data": [30, 70]}
FARE = {"name": "fare", "shape": [2, 1], "datatype": "FP64", "data": [[12.5], [1]]}
CITY = {"name": "city", "shape": [2], "datatype": "BYTES", "data": ["Oslo", None]}

PLACES = Enrichment(name="places", table="people", keys={"at": "id"}, columns={"city": "city"})


def test_columns_that_enrichments_add_are_not_sent_but_their_keys(tmp_path):
    manifest = NodeFolder.opened(make_node(tmp_path).folder).manifest("churn-api", "p1")
    enriched = prediction("churn", CHURN, enrichments=(PLACES,))
    told = sent_columns(Described("p1", manifest, enriched, CHURN, ""))
    assert told == {"age": "INT64", "fare": "FP64", "at": "INT64"}


def test_server_and_models_tell_what_they_are(served):
    assert served.http.get("/v2").json()["extensions"] == ["binary_tensor_data"]
    assert served.http.get("/v2/health/live").json() == {"live": True}
    assert served.http.get("/v2/health/ready").json() == {"ready": True}
    told = served.http.get(MODEL).json()
    assert told == served.http.get(f"{MODEL}/versions/p1").json()
    assert (told["name"], told["versions"], told["platform"]) == (
        "churn-api.churn",
        ["p1"],
        "mlflow_sklearn",
    )
    assert told["inputs"] == [
        {"name": "age", "datatype": "INT64", "shape": [-1]},
        {"name": "fare", "datatype": "FP64", "shape": [-1]},
        {"name": "city", "datatype": "BYTES", "shape": [-1]},
    ]
    assert told["outputs"] == [
        {"name": "prediction", "datatype": "BYTES", "shape": [-1]},
        {"name": "proba_no", "datatype": "FP64", "shape": [-1]},
        {"name": "proba_yes", "datatype": "FP64", "shape": [-1]},
        {"name": "proba_percentile", "datatype": "INT64", "shape": [-1]},
    ]
    image = served.http.get("/v2/models/churn-api.image").json()["inputs"]
    assert image == [{"name": "x", "datatype": "FP64", "shape": [-1, 3]}]
    price = served.http.get("/v2/models/churn-api.price").json()["outputs"]
    assert price == [{"name": "prediction", "datatype": "FP64", "shape": [-1]}]


def test_ready_means_that_a_test_query_is_answered(served):
    before = len(served.noted)
    assert served.http.get(f"{MODEL}/ready").json()["ready"] is True
    assert served.http.get("/churn-api/churn/ready").json() == {"ready": True}
    assert len(served.noted) == before
    for path in ("/v2/models/churn-api.nobody/ready", "/v2/models/nobody/ready"):
        assert served.http.get(path).status_code == 404
    assert served.http.get(f"{MODEL}/versions/p9/ready").status_code == 400


def test_columns_go_in_and_come_out_as_tensors(served):
    body = {"id": "q7", "inputs": [AGE, FARE, CITY], "parameters": {"content_type": "pd"}}
    told = served.post(f"{MODEL}/infer", body).json()
    assert (told["model_name"], told["model_version"], told["id"]) == (
        "churn-api.churn",
        "p1",
        "q7",
    )
    outputs = {each["name"]: each for each in told["outputs"]}
    assert outputs["prediction"] == {
        "name": "prediction",
        "shape": [2],
        "datatype": "BYTES",
        "data": ["yes", "yes"],
    }
    high = [probability(30, 12.5), probability(70, 1)]
    assert outputs["proba_yes"]["data"] == pytest.approx(high)
    assert served.noted[-1].rows[0] == {"age": 30, "fare": 12.5, "city": "Oslo"}
    chosen = body | {"outputs": [{"name": "proba_yes"}], "parameters": {"scale": 0.0}}
    told = served.post(f"{MODEL}/versions/p1/infer", chosen).json()
    assert [each["name"] for each in told["outputs"]] == ["proba_yes"]
    assert told["outputs"][0]["data"] == pytest.approx([probability(30, 0), probability(70, 0)])


def test_a_matrix_is_read_in_the_order_of_the_columns_or_whole(served):
    matrix = {"name": "input-0", "shape": [2, 2], "datatype": "FP64", "data": [2, 0.5, 3, 1.5]}
    told = served.post("/v2/models/churn-api.price/infer", {"inputs": [matrix]}).json()
    assert told["outputs"][0]["data"] == [1.0, 4.5]
    image = {"name": "x", "shape": [2, 3], "datatype": "FP32", "data": [[1, 2, 3], [4, 5, 6.5]]}
    told = served.post("/v2/models/churn-api.image/infer", {"inputs": [image]}).json()
    assert told["outputs"][0] == {
        "name": "prediction",
        "shape": [2],
        "datatype": "FP64",
        "data": [6.0, 15.5],
    }


def test_tensors_may_travel_as_bytes_both_ways(served):
    ages, cities = struct.pack("<2q", 30, 70), b"\x04\0\0\0Oslo\x02\0\0\0\xc3\xa4"
    fares = struct.pack("<2d", 12.5, 1)
    given = []
    for each, data in ((AGE, ages), (FARE, fares), (CITY, cities)):
        size = {"binary_data_size": len(data)}
        given.append(
            {key: each[key] for key in ("name", "shape", "datatype")} | {"parameters": size}
        )
    head = json.dumps({"inputs": given, "parameters": {"binary_data_output": True}}).encode()
    answer = served.post(
        f"{MODEL}/infer",
        head + ages + fares + cities,
        inference_header_content_length=str(len(head)),
    )
    assert answer.headers["content-type"] == "application/octet-stream"
    end = int(answer.headers["inference-header-content-length"])
    outputs = json.loads(answer.content[:end])["outputs"]
    sizes = [each["parameters"]["binary_data_size"] for each in outputs]
    label, _, high, rank = (
        answer.content[end + sum(sizes[:at]) : end + sum(sizes[: at + 1])] for at in range(4)
    )
    assert label == b"\x03\0\0\0yes" * 2
    assert struct.unpack("<2d", high) == pytest.approx([probability(30, 12.5), probability(70, 1)])
    assert struct.unpack("<2q", rank) == (57, 96)
    assert served.noted[-1].rows[1]["city"] == "ä"


WRONG = {
    "no inputs": ({"inputs": []}, "inputs: must not be empty"),
    "a datatype": ({"inputs": [AGE | {"datatype": "INT65"}]}, "age: has the datatype 'INT65'"),
    "a shape": ({"inputs": [AGE | {"shape": [3]}]}, "age: has 2 values, and its shape [3] 3"),
    "an open shape": ({"inputs": [AGE | {"shape": [-1]}]}, "age: has the shape [-1]"),
    "a fraction": ({"inputs": [AGE | {"data": [1.5, 2]}]}, "age: is no INT64"),
    "a range": ({"inputs": [AGE | {"datatype": "INT8", "data": [300, 1]}]}, "age: is no INT8"),
    "a text": ({"inputs": [AGE | {"data": ["a", 2]}]}, "age: is no INT64"),
    "no data": ({"inputs": [AGE | {"data": None}]}, "age: has no data"),
    "twice": ({"inputs": [AGE, AGE]}, "age: is given more than once"),
    "rows": (
        {"inputs": [AGE, FARE | {"shape": [1], "data": [1]}]},
        "fare: has 1 rows, and age 2",
    ),
    "missing": ({"inputs": [AGE]}, "feature 'fare' is missing"),
    "a parameter": ({"inputs": [AGE, FARE], "parameters": {"depth": 1}}, "parameters.depth"),
    "an output": ({"inputs": [AGE, FARE], "outputs": [{"name": "x"}]}, "outputs: there is no 'x'"),
    "bytes": (
        {"inputs": [AGE | {"parameters": {"binary_data_size": 16}}]},
        "age: binary_data_size is 16, and 0 bytes follow",
    ),
    "no name": ({"inputs": [{"shape": [1]}]}, "inputs[0]"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_does_not_fit_says_which_input_and_why(served, case):
    body, said = WRONG[case]
    answer = served.post(f"{MODEL}/infer", body)
    assert answer.status_code == 400
    assert said in answer.json()["error"]


def test_the_size_of_the_json_has_to_fit(served):
    for size in ("x", "99999", "9" * 40):
        answer = served.post(f"{MODEL}/infer", b"{}", inference_header_content_length=size)
        assert (answer.status_code, "error" in answer.json()) == (400, True)
