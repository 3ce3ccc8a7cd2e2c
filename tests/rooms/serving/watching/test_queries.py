"""Reading the query log from its end: what is found, in which order, and when it stops."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta

import pytest
from tests.rooms.serving.node.nodes import node_of
from tests.rooms.serving.querylog.queries import ENDPOINT, SERVICE, YES, Result, query

from modelyard import errors
from modelyard.serving.querylog import reading
from modelyard.serving.querylog.settings import QueryLogSettings
from modelyard.serving.querylog.writing import QueryLog
from modelyard.serving.watching import queries

DAY = datetime(2026, 3, 1, tzinfo=UTC)
REFUSED = Result(None, problem="age: is below 0")
IGNORED = Result(None, ignored="NO_MATCH")


@pytest.fixture
def node(tmp_path):
    node = node_of(tmp_path / "node")
    node.init()
    node.create(service=SERVICE)
    return node


def log(node, *events, **settings):
    """Write queries into the log as a process of the node does."""
    written = QueryLog(node.folder / "logs" / "queries", QueryLogSettings(**settings))
    for event in events:
        written.record(event)
    written.close()


def at(minutes: float, *rows, **more):
    moment = (DAY + timedelta(minutes=minutes)).timestamp()
    return query(*rows, request_id=f"r{minutes}", time=moment, **more)


def found(node, **asked):
    told = node.queries(service=SERVICE, endpoint=ENDPOINT, **asked)
    return [each.request_id for each in told.queries]


def test_the_newest_lines_come_first_over_many_files(node, monkeypatch):
    monkeypatch.setattr(reading, "BLOCK", 100)  # less than a line
    log(node, *(at(minutes) for minutes in range(0, 40, 2)), megabytes=0.002, kept=100)
    log(node, *(at(minutes) for minutes in range(1, 40, 2)), megabytes=0.002, kept=100)
    files = sorted((node.folder / "logs/queries" / SERVICE / ENDPOINT).iterdir())
    assert len(files) > 5
    for file in files:  # as if they had been written when the queries were asked
        last = json.loads(file.read_bytes().splitlines()[-1])["time"]
        moment = datetime.fromisoformat(last).timestamp()
        os.utime(file, (moment, moment))
    for file, torn in ((files[-1], b'{"time": "2026-03-01T00:'), (files[0], b"no line\n")):
        file.write_bytes(file.read_bytes() + torn)
    assert found(node, limit=1000) == [f"r{minutes}" for minutes in reversed(range(40))]
    told = node.queries(service=SERVICE, endpoint=ENDPOINT, limit=7)
    assert ([each.request_id for each in told.queries], told.complete) == (
        [f"r{minutes}" for minutes in range(39, 32, -1)],
        False,
    )


def test_a_line_tells_what_was_asked_and_answered(node):
    log(node, at(1, contexts=[{"order": 7}], params={"scale": 2}))
    (told,) = node.queries(service=SERVICE, endpoint=ENDPOINT).queries
    assert told.features == {"age": 41, "plan": "basic"}
    assert told.result == YES.output
    assert (told.context, told.params) == ({"order": 7}, {"scale": 2})
    assert (told.caller.label, told.caller.address, told.row) == ("shop", "10.0.0.7", 0)
    assert (told.ms, told.timings["waited"], told.outcome) == (1.2, 40, "answered")
    assert told.time == DAY + timedelta(minutes=1)


def test_lines_are_found_by_what_came_of_them(node):
    log(
        node,
        at(0, generation="p0"),
        at(1),
        at(2, status=400, problem="invalid", reason="age: is missing", answers=[]),
        at(3, status=503, problem="unavailable", answers=[]),
        at(4, status=500, problem="failed", answers=[]),
        at(5, status=504, problem="failed", answers=[]),
        at(6, answers=[IGNORED]),
        at(7, {"age": 1}, {"age": -1}, answers=[YES, REFUSED]),
    )
    assert found(node, outcome="failed") == ["r5", "r4"]
    assert found(node, outcome="refused") == ["r7", "r3", "r2"]
    assert found(node, outcome="ignored") == ["r6"]
    assert found(node, outcome="answered", generation="p1") == ["r7", "r1"]
    assert found(node, request_id="r7") == ["r7", "r7"]
    assert found(node, since=DAY + timedelta(minutes=6)) == ["r7", "r7", "r6"]
    assert found(node, until=datetime(2026, 3, 1, 0, 1)) == ["r1", "r0"]  # noqa: DTZ001
    assert found(node, generation="p9") == []


def test_a_question_looks_at_so_many_bytes_only(node, monkeypatch):
    log(node, *(at(minutes) for minutes in range(20)))
    monkeypatch.setattr(queries, "FURTHEST", 1000)
    told = node.queries(service=SERVICE, endpoint=ENDPOINT, request_id="r0")
    assert (told.queries, told.complete) == ((), False)
    monkeypatch.setattr(queries, "FURTHEST", 100_000)
    told = node.queries(service=SERVICE, endpoint=ENDPOINT, request_id="r0")
    assert (len(told.queries), told.complete) == (1, True)


def test_where_there_is_no_log_it_is_said(node):
    assert found(node) == []
    with pytest.raises(errors.NotFound, match="no service 'other'"):
        node.queries(service="other", endpoint="e")
    (node.folder / "node.toml").write_text("[queries]\nenabled = false\n")
    with pytest.raises(errors.Unsupported, match=r"queries\.enabled is false"):
        found(node)
