"""What clients of MLflow's scoring server send, and what they get back."""

from __future__ import annotations

import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from modelyard.runtime.types import RawOutput
from modelyard.serving.asking import Answer, Answered, RowAnswer, Timings
from modelyard.serving.http.mlflow_api import predictions_of

ROWS = [{"age": 10, "fare": 0.5, "city": "a"}, {"age": 90, "fare": 1.5, "city": None}]
SPLIT = {"columns": ["age", "fare", "city"], "data": [[10, 0.5, "a"], [90, 1.5, None]]}
FORMATS = {
    "split": {"dataframe_split": SPLIT | {"index": [0, 1]}},
    "records": {"dataframe_records": ROWS},
    "instances, maps": {"instances": ROWS},
    "instances, lists": {"instances": SPLIT["data"]},
    "inputs, columns": {"inputs": {"age": [10, 90], "fare": [0.5, 1.5], "city": ["a", None]}},
    "inputs, maps": {"inputs": ROWS},
    "inputs, lists": {"inputs": SPLIT["data"]},
    "params": {"dataframe_records": ROWS, "params": {"scale": 2.0}},
    "unknown params": {"dataframe_records": ROWS, "params": {"temperature": 2.0}},
    "no params": {"dataframe_records": ROWS, "params": None},
}
INVOKE = "/churn-api/churn/invocations"


@pytest.mark.parametrize("form", FORMATS)
def test_every_documented_format_is_taken(served, form):
    answer = served.post(INVOKE, FORMATS[form], content_type="application/json; charset=utf-8")
    assert (answer.status_code, answer.json()) == (200, {"predictions": ["no", "yes"]})
    assert [dict(row) for row in served.noted[-1].rows] == ROWS


def test_one_row_of_values_missing_numbers_and_no_content_type(served):
    assert served.post(INVOKE, {"inputs": ROWS[1]}).json() == {"predictions": ["yes"]}
    body = json.dumps({"dataframe_records": [ROWS[0] | {"city": float("nan")}]}).encode()
    assert b"NaN" in body
    assert served.post(INVOKE, body).json() == {"predictions": ["no"]}
    assert served.noted[-1].rows[0]["city"] is None
    assert served.post(INVOKE, body.replace(b"NaN", b"Infinity")).status_code == 400


def test_csv_and_parquet_are_read_by_the_signature(served):
    csv = b"age,fare,city\n10,0.5,a\n90,1.5,\n"
    assert served.post(INVOKE, csv, content_type="text/csv").json()["predictions"] == ["no", "yes"]
    assert [dict(row) for row in served.noted[-1].rows] == ROWS
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(ROWS), sink)
    kind = "application/vnd.apache.parquet"
    told = served.post(INVOKE, sink.getvalue(), content_type=kind)
    assert told.json()["predictions"] == ["no", "yes"]
    for body, sent_as, status in (
        (b"age,fare\nten,1\n", "text/csv", 400),
        (b"age,fare,\xff\n1,1,1\n", "text/csv", 400),
        (b'{"instances": [{"city": "\xff"}]}', "application/json", 400),
        (b"", "text/csv", 400),
        (b"no parquet", kind, 400),
        (csv, "text/csv; charset=latin-1", 415),
        (b"{}", "application/xml", 415),
    ):
        answer = served.post(INVOKE, body, content_type=sent_as)
        assert (answer.status_code, set(answer.json()) >= {"error_code", "message"}) == (
            status,
            True,
        )


def test_tensors_are_taken_whole(served):
    path = "/churn-api/image/invocations"
    for body in ({"inputs": [[1, 2, 3], [4, 5, 6.5]]}, {"instances": [[1, 2, 3], [4, 5, 6.5]]}):
        assert served.post(path, body).json() == {"predictions": [6.0, 15.5]}
    assert served.post(path, {"inputs": {"x": [[1, 2, 3]]}}).json() == {"predictions": [6.0]}
    assert served.post(path, {"inputs": [[1, 2], ["x", {}]]}).status_code == 400


WRONG = {
    "no format": ({"rows": []}, "the body has rows"),
    "two formats": ({"inputs": [], "instances": []}, "with one of"),
    "a list": ([1], "no object"),
    "unknown": ({"inputs": ROWS, "param": {}}, "param: is not known here"),
    "params": ({"inputs": ROWS, "params": [1]}, "params: must be an object"),
    "split": ({"dataframe_split": [1]}, "dataframe_split: must be an object"),
    "a short row": (
        {"dataframe_split": {"columns": ["age", "fare"], "data": [[1, 2], [1]]}},
        "dataframe_split.data.1: has 1 values for 2 columns",
    ),
    "records": ({"dataframe_records": [{}, 1]}, "dataframe_records.1: must be an object"),
    "columns": ({"inputs": {"age": [1], "fare": [1, 2]}}, "inputs: the columns have 1, 2 values"),
    "widths": ({"instances": [[1, 2]]}, "instances.0: has 2 values, and the model takes 3"),
    "a value": ({"dataframe_records": [ROWS[0], {"age": "x", "fare": 1}]}, "row 1: feature 'age'"),
    "refused": ({"dataframe_records": [ROWS[0], ROWS[0] | {"age": -1}]}, "row 1: age: is below 0"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_does_not_fit_is_told_as_mlflow_would(served, case):
    body, said = WRONG[case]
    answer = served.post(INVOKE, body)
    told = answer.json()
    assert (answer.status_code, told["error_code"]) == (400, "BAD_REQUEST")
    assert said in told["message"]


def answered(*outputs):
    rows = tuple(RowAnswer(output) for output in outputs)
    return Answered("s", "e", "g", None, Answer(rows, Timings()), None, 0.0)


@pytest.mark.parametrize(
    ("kind", "shape", "outputs", "expected"),
    [
        ("numpy.ndarray", (5,), [{"prediction": 1}, {"prediction": 2}], [1, 2]),
        ("numpy.ndarray", (5, 1), [{"prediction": 1}, {"prediction": 2}], [[1], [2]]),
        ("numpy.ndarray", (5, 2), [{"output_0": 1, "output_1": 2}], [[1, 2]]),
        ("pandas.DataFrame", (5, 1), [{"prediction": 1}], [{"prediction": 1}]),
        ("pandas.Series", (5,), [{"y": 1}], [{"y": 1}]),
        ("pandas.Series", (5,), [{"prediction": 1}], [{"0": 1}]),
        ("list", None, [{"prediction": "a"}], ["a"]),
        ("dict", None, [{"a": 1, "b": 2}, {"a": 3, "b": 4}], {"a": [1, 3], "b": [2, 4]}),
        ("", None, [{"prediction": 1}], [1]),
        ("", None, [{"output_0": 1, "output_1": 2}], [[1, 2]]),
        ("", None, [{"a": 1, "b": 2}], [{"a": 1, "b": 2}]),
        ("numpy.ndarray", (5,), [None, {"prediction": 2}], [None, 2]),
        ("numpy.ndarray", (5,), [], []),
    ],
)
def test_answers_have_the_shape_of_what_the_model_returns(kind, shape, outputs, expected):
    raw = RawOutput(kind=kind, shape=shape, sample="") if kind else None
    assert predictions_of(answered(*outputs), raw) == expected


def test_frames_pings_and_versions(served):
    frame = served.post("/churn-api/frame/invocations", {"inputs": {"age": [1], "fare": [2.5]}})
    assert frame.json() == {"predictions": [{"sum": 3.5, "note": "1"}]}
    for path in ("/ping", "/health", "/churn-api/churn/ping", "/churn-api/churn/health"):
        assert served.http.get(path).status_code == 200
    assert served.http.get("/churn-api/nobody/ping").status_code == 404
    assert served.http.get("/churn-api/churn/version").text == "3.17.2"
    assert served.http.get("/version").text
    assert served.post("/churn-api/double/invocations", {"inputs": ROWS}).status_code == 422
