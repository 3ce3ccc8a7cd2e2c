"""The query log: what its lines say, and that none is lost without being counted."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from tests.rooms.serving.querylog.queries import Result, files_of, lines_of, query

from modelyard.serving.querylog.settings import QueryLogSettings
from modelyard.serving.querylog.writing import QueryLog, node_secret


def write(folder, *events, secret=b"", **settings):
    log = QueryLog(folder, QueryLogSettings(**settings), secret=secret)
    for event in events:
        log.record(event)
    log.close()
    return log


def test_a_line_says_what_was_asked_and_answered(tmp_path):
    rows = ({"age": 41, "plan": "basic"}, {"age": 7, "plan": None}, {"age": -1})
    answers = [
        Result({"prediction": "yes"}, enriched={"age": 41, "plan": "basic", "visits": 3}),
        Result(None, ignored="NO_MATCH"),
        Result(None, problem="age is negative"),
    ]
    contexts = [{"shop": "Bonn"}, None, None]
    write(tmp_path, query(*rows, answers=answers, contexts=contexts, time=1_700_000_000.25))
    first, second, third = lines_of(tmp_path)
    assert first == {
        "time": "2023-11-14T22:13:20.250000Z",
        "type": "prediction",
        "service": "churn-api",
        "endpoint": "churn",
        "generation": "p1",
        "request_id": "r1",
        "row": 0,
        "status": 200,
        "caller": {"kind": "service", "label": "shop", "address": "10.0.0.7"},
        "timings": {
            "total": 1200,
            "preprocessing": 3,
            "waited": 40,
            "enrichment": 0,
            "model": 900,
            "batch": 4,
        },
        "features": {"age": 41, "plan": "basic"},
        "enriched": {"age": 41, "plan": "basic", "visits": 3},
        "result": {"prediction": "yes"},
        "context": {"shop": "Bonn"},
    }
    assert (second["row"], second["ignored"]) == (1, "NO_MATCH")
    assert not {"result", "context", "enriched"} & set(second)
    assert (third["problem"], third["reason"]) == ("refused", "age is negative")


def test_a_refused_query_says_why(tmp_path):
    write(
        tmp_path,
        query(answers=(), status=400, problem="invalid", reason="age: 'x' is no number"),
        query({}, answers=(), status=503, problem="unavailable", reason="the queue is full"),
        query(shadow=True, generation="p2"),
    )
    refused, overloaded, shadow = lines_of(tmp_path)
    assert (refused["status"], refused["problem"]) == (400, "invalid")
    assert refused["reason"] == "age: 'x' is no number"
    assert "result" not in refused
    assert (overloaded["status"], overloaded["features"]) == (503, {})
    assert "shadow" not in refused
    assert (shadow["shadow"], shadow["generation"]) == (True, "p2")


def test_many_rows_and_tables(tmp_path):
    table = pa.table({"age": list(range(1000)), "plan": ["basic"] * 1000})
    answers = pa.table({"prediction": ["yes"] * 1000, "proba_yes": [0.5] * 1000})
    event = query()
    event.rows, event.answers = table, answers
    write(tmp_path, event, query(*table.to_pylist()))
    lines = lines_of(tmp_path)
    assert [line["row"] for line in lines] == list(range(1000)) * 2
    assert [line["features"]["age"] for line in lines] == list(range(1000)) * 2
    assert lines[999]["result"] == {"prediction": "yes", "proba_yes": 0.5}


def test_switches(tmp_path):
    event = query(contexts=["c"], status=400, problem="invalid", reason="age: 41 is too much")
    write(tmp_path / "a", event, inputs=False)
    write(tmp_path / "b", event, outputs=False)
    write(tmp_path / "c", event, enabled=False)
    (no_inputs,), (no_outputs,) = lines_of(tmp_path / "a"), lines_of(tmp_path / "b")
    assert not {"features", "context", "reason"} & set(no_inputs)
    assert "result" in no_inputs
    assert "result" not in no_outputs
    assert no_outputs["features"] == {"age": 41, "plan": "basic"}
    assert not (tmp_path / "c").exists()


def test_values_can_be_left_out_or_hashed(tmp_path):
    row = {"name": "what do ya want for nothing?", "card": "4111", "in": [{"card": 1, "x": 2}]}
    event = query(
        row,
        answers=[Result({"prediction": 1, "card": "4111"}, enriched={**row, "age": 3})],
        contexts=[{"name": None, "card": "4111"}],
        status=400,
        problem="invalid",
        reason="card: 4111 is no number",
        at_field="card",
    )
    # The digest is that of RFC 4231, test case 2.
    digest = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    write(tmp_path, event, secret=b"Jefe", hashed=("name",), redacted=("card",))
    (line,) = lines_of(tmp_path)
    assert line["features"] == {"name": digest, "in": [{"x": 2}]}
    assert line["enriched"] == {"name": digest, "in": [{"x": 2}], "age": 3}
    assert line["result"] == {"prediction": 1}
    assert line["context"] == {"name": None}
    assert "reason" not in line
    assert "4111" not in files_of(tmp_path)[0].read_text()


def test_the_secret_of_a_node_stays(tmp_path):
    secret = node_secret(tmp_path / "secret")
    assert len(secret) == 32
    assert node_secret(tmp_path / "secret") == secret
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["secret"]


def test_whatever_is_sent_can_be_written(tmp_path):
    deep: list = []
    for _ in range(100_000):
        deep = [deep]
    rows = (
        {"huge": 2**70, "none": float("nan"), "inf": float("inf"), "half": "\ud800", "\ud800": 1},
        {"text": "Zürich 🌍 \x00 \u2028", "moment": date(2024, 2, 29), "bytes": b"x"},
        {"array": np.array([1, 2]), "number": np.float32(0.5), "set": {1}},
    )
    log = write(tmp_path, query(*rows), query({"deep": deep}), query())
    lines = lines_of(tmp_path)
    assert lines[0]["features"] == {
        "huge": 2**70,
        "none": None,
        "inf": None,
        "half": "?",
        "?": 1,
    }
    assert lines[1]["features"]["text"] == "Zürich 🌍 \x00 \u2028"
    assert lines[2]["features"] == {"array": [1, 2], "number": 0.5, "set": [1]}
    assert log.lost == 1  # the one that is nested deeper than JSON is read
    assert len(lines) == 4


def test_files_follow_each_other(tmp_path):
    events = [query({"place": place}) for place in range(400)]
    write(tmp_path, *events, megabytes=0.01, kept=100)
    files = files_of(tmp_path)
    assert len(files) > 10
    assert all(file.stat().st_size <= 10_000 for file in files)
    assert [line["features"]["place"] for line in lines_of(tmp_path)] == list(range(400))


def test_old_files_go(tmp_path):
    events = [query({"place": place}) for place in range(400)]
    mine = tmp_path / "churn-api" / "churn" / "of-somebody.jsonl"
    mine.parent.mkdir(parents=True)
    mine.write_text("")
    write(tmp_path, *events, megabytes=0.01, kept=3)
    assert mine.exists()
    mine.unlink()
    assert len(files_of(tmp_path)) == 3
    places = [line["features"]["place"] for line in lines_of(tmp_path)]
    assert places == list(range(places[0], 400))


def test_a_file_is_taken_up_again(tmp_path):
    write(tmp_path, query({"place": 0}))
    (file,) = files_of(tmp_path)
    with file.open("a") as out:
        out.write('{"time":"2024')  # whoever wrote it was killed
    write(tmp_path, query({"place": 1}))
    assert files_of(tmp_path) == [file]
    assert [line["features"]["place"] for line in lines_of(tmp_path)] == [0, 1]
    write(tmp_path, query({"place": 2}), hours=1e-9)  # but not an old one
    assert len(files_of(tmp_path)) == 2


def test_two_processes_write_files_of_their_own(tmp_path):
    one, two = (QueryLog(tmp_path, QueryLogSettings()) for _ in range(2))
    for log in (one, two):
        log.record(query())
        wait_for(lambda log=log: log.waiting == 0)
    one.close()
    two.close()
    assert len(files_of(tmp_path)) == 2


def test_a_file_that_somebody_removes(tmp_path):
    log = QueryLog(tmp_path, QueryLogSettings())
    log.record(query({"place": 0}))
    wait_for(lambda: log.waiting == 0)
    files_of(tmp_path)[0].unlink()
    log.record(query({"place": 1}))
    log.close()
    assert [line["features"]["place"] for line in lines_of(tmp_path)] == [1]


def test_what_does_not_fit_is_counted(tmp_path, caplog):
    caplog.set_level(logging.WARNING)
    log = QueryLog(tmp_path, QueryLogSettings(buffer_megabytes=0.001))
    for _ in range(500):
        log.record(query())
    log.close()
    assert log.lost > 0
    assert log.lost + len(lines_of(tmp_path)) == 500
    assert len([each for each in caplog.messages if "loses queries" in each]) == 1


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 64 kilobytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small disk takes root and the right to mount")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_loses_lines_until_there_is_room(small_disk, caplog):
    caplog.set_level(logging.WARNING)
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(48 * 1024))
    log = QueryLog(small_disk / "log", QueryLogSettings())
    for place in range(200):
        log.record(query({"place": place}))
    wait_for(lambda: log.waiting == 0)
    lost = log.lost
    assert 0 < lost <= 200
    log.record(query({"place": 200}, contexts=["x" * 30_000]))
    wait_for(lambda: log.waiting == 0)
    assert [m for m in caplog.messages if "loses queries" in m] != []
    ballast.unlink()
    log.record(query({"place": 201}))
    log.close()
    places = [line["features"]["place"] for line in lines_of(small_disk / "log")]
    assert places[-1] == 201
    assert len(places) + log.lost == 202
    assert len([m for m in caplog.messages if "loses queries" in m and "No space" in m]) == 1
    assert len([m for m in caplog.messages if "loses nothing any more" in m]) == 1


WRITER = """
import sys
from pathlib import Path
from tests.rooms.serving.querylog.queries import query
from modelyard.serving.querylog.settings import QueryLogSettings
from modelyard.serving.querylog.writing import QueryLog
log = QueryLog(Path(sys.argv[1]), QueryLogSettings())
for place in range(300):
    log.record(query({"place": place}))
sys.stdin.read()
"""


def test_a_killed_process_has_written_all_but_the_last(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)],
        stdin=subprocess.PIPE,
        cwd=Path(__file__).parents[4],
        env={**os.environ, "PYTHONPATH": "."},
    )
    try:
        wait_for(lambda: files_of(tmp_path) and len(lines_of(tmp_path)) == 300)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdin.close()
    assert [line["features"]["place"] for line in lines_of(tmp_path)] == list(range(300))


def wait_for(true, seconds=30):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it does not come to pass"
        time.sleep(0.02)
