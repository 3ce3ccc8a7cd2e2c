"""Query logs of API nodes as tables: which rows there are, and what they hold."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.rooms.serving.querylog.queries import Result, query

from modelyard import errors
from modelyard.serving.querylog.settings import QueryLogSettings
from modelyard.serving.querylog.writing import QueryLog

AT = datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp()


@pytest.fixture
def logged(tmp_path):
    """Write a log, as a node does, and give the folder of its endpoint."""

    def write(*events, node="one", **settings):
        log = QueryLog(tmp_path / node, QueryLogSettings(**settings))
        for event in events:
            log.record(event)
        log.close()
        return str(tmp_path / node / "churn-api" / "churn")

    return write


@pytest.fixture
def table(opened):
    def read(path):
        source = opened(path, format="query_log")
        [batch] = source.batches(rows=1000)
        return batch

    return read


def test_answered_rows_are_the_rows(logged, table):
    rows = ({"age": 41, "plan": "basic"}, {"age": 7.5, "plan": None})
    enriched = Result({"prediction": "no", "probas": {"no": 0.8, "yes": 0.2}},
                      enriched={"age": 8, "visits": 3})  # fmt: skip
    found = table(
        logged(
            query(rows[0], time=AT, contexts=[{"customer": "c1"}]),
            query(*rows, answers=[Result(None, ignored="NO_MATCH"), enriched], generation="p2"),
            query(status=400, problem="invalid", answers=()),
            query(shadow=True),
            query({"age": 1}, answers=[Result(None, problem="no")]),
            query(request_id="r2"),
        )
    ).to_pylist()
    assert [(each["query_id"], each["query_row"]) for each in found] == [
        ("r1", 0), ("r1", 1), ("r2", 0),
    ]  # fmt: skip
    assert found[0] == {
        "age": 41.0,
        "plan": "basic",
        "visits": None,
        "context_customer": "c1",
        "prediction": "yes",
        "proba_no": 0.1,
        "proba_yes": 0.9,
        "query_time": datetime(2026, 3, 1, 12, tzinfo=UTC),
        "query_id": "r1",
        "query_row": 0,
        "query_generation": "p1",
    }
    assert found[1]["age"] == 8
    assert (found[1]["visits"], found[1]["query_generation"]) == (3, "p2")


def test_results_go_before_features_of_the_same_name(logged, table):
    row = {"prediction": "sent", "proba_yes": 7, "score": 1, "query_id": "mine"}
    answer = Result({"prediction": "yes", "probas": {"yes": 0.9}, "score": 2})
    [found] = table(logged(query(row, answers=[answer]))).to_pylist()
    assert found["prediction"] == "yes"
    assert (found["proba_yes"], found["score"], found["query_id"]) == (0.9, 2, "r1")


def test_files_that_follow_each_other_and_several_nodes(logged, opened, tmp_path):
    events = [query({"place": place}) for place in range(200)]
    logged(*events, megabytes=0.01, node="one")
    logged(*events, node="two")
    source = opened(f"{tmp_path}/*/churn-api/churn/*.jsonl", format="query_log")
    places = [n for batch in source.batches(rows=64) for n in batch["place"].to_pylist()]
    assert places == list(range(200)) * 2
    assert source.count() == 400


def test_a_file_that_grows_while_it_is_read(logged, opened):
    folder = logged(query({"place": 0}), query(status=503, answers=()))
    source = opened(folder, format="query_log")
    logged(query({"place": 1, "new": True}))
    [file] = Path(folder).iterdir()
    with file.open("a") as out:
        out.write('{"time":"2026')
    [batch] = source.batches(rows=10)
    assert batch["place"].to_pylist() == [0]
    again = opened(folder, format="query_log")
    assert again.count() == 2
    assert "new" in again.schema.names


def test_nothing_was_answered(logged, opened):
    folder = logged(query(status=503, answers=()))
    with pytest.raises(errors.Invalid, match="no query that was answered"):
        opened(folder, format="query_log")


def test_something_else(put, opened):
    broken = put("a.jsonl", json.dumps({"time": "t", "request_id": "r", "row": 0}) + '\n{"a": 1}\n')
    with pytest.raises(errors.Invalid, match=r"line 2: this is no line of a query log"):
        opened(broken, format="query_log")


def test_it_is_not_written(logged, yard, put, name):
    [file] = Path(logged(query())).iterdir()
    yard.datasets.create(name=name, path=str(file), format="query_log")
    [found] = [each for each in yard.datasets.list() if each.name == name]
    assert (found.format, found.rows) == ("query_log", 1)
    rows = put("rows.csv", "a\n1\n")
    with pytest.raises(errors.Invalid, match="query log"):
        yard.datasets.sample(dataset=rows, output=name)
