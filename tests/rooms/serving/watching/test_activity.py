"""What was asked minute by minute: over processes, deaths and a day, in bounded memory."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import numpy as np
import pytest
from tests.rooms.serving.node.nodes import node_of
from tests.rooms.serving.querylog.queries import query

from modelyard import errors
from modelyard.serving.metrics.counting import Metrics
from modelyard.serving.metrics.histograms import Histogram
from modelyard.serving.metrics.minutes import MINUTES, Minutes

SERVICE = ("churn-api", "churn")


@pytest.fixture
def node(tmp_path):
    node = node_of(tmp_path / "node")
    node.init()
    node.create(service="churn-api")
    (node.folder / "run" / "metrics" / MINUTES).mkdir(parents=True)
    return node


class Process:
    """Counts as a process does, at moments that a test sets."""

    def __init__(self, node, at: float) -> None:
        self.at = at
        self.totals = {}
        self.minutes = Minutes(node.folder / "run" / "metrics" / MINUTES, lambda: self.at)

    def count(self, *seconds, generation="p1", status="200", shadow="false"):
        labels = (*SERVICE, generation, status, shadow)
        for each in seconds:
            self.totals.setdefault(labels, Histogram()).add(float(each))

    def look(self, after: float = 0) -> None:
        self.at += after
        self.minutes.look(self.totals.items())


def minute_ago(minutes: float) -> float:
    return (time.time() // 60 - minutes) * 60


def test_each_minute_tells_what_came_in_it_over_all_processes(node):
    began = minute_ago(5)
    one, other = Process(node, began), Process(node, began)
    rng = np.random.default_rng(8)
    first, second = rng.gamma(2, 0.01, 300), rng.gamma(2, 0.02, 200)
    one.count(*first)
    other.count(*second)
    other.count(0.001, 0.001, status="400")
    other.count(0.2, status="500")
    other.count(0.3, generation="p2", shadow="true")
    one.look(59)
    other.look(61)
    one.look(61)
    one.count(0.5, generation="p2")
    one.look(2)
    found = node.activity()
    told = node.activity(buckets=True)[0].buckets
    assert (sum(count for _, count in told), found[0].buckets) == (501, ()), "400 is left out"
    assert [(each.generation, each.shadow, each.queries) for each in found] == [
        ("p1", False, 503),
        ("p2", True, 1),
        ("p2", False, 1),
    ]
    assert [each.minute for each in found] == [
        datetime.fromtimestamp(moment, UTC) for moment in (began, began, began + 120)
    ]
    assert (found[0].failed, found[0].refused) == (1, 2)
    every = np.concatenate([first, second, [0.2]]) * 1000
    told = [found[0].p50, found[0].p95, found[0].p99]
    assert told == pytest.approx(np.quantile(every, [0.5, 0.95, 0.99]), rel=0.06)
    one.minutes.close(one.totals.items())
    assert node.activity() == found  # the minute that ran is over, and counted once


def test_a_process_that_is_killed_leaves_what_it_counted(node):
    one = Process(node, minute_ago(3))
    one.count(0.01)
    one.look(30)
    del one
    (left,) = (node.folder / "run" / "metrics" / MINUTES).iterdir()
    left.with_name(f"{int(time.time() // 3600)}-torn.jsonl").write_bytes(b'\n{"minute": 17')
    other = Process(node, minute_ago(1))
    other.count(0.02, 0.02)
    other.look(61)
    assert [each.queries for each in node.activity()] == [1, 2]
    hours = node.activity(step=60, by="service", minutes=120)
    assert sum(each.queries for each in hours) == 3


def test_a_day_is_kept_and_told_as_asked(node):
    one = Process(node, minute_ago(26 * 60))
    moments = []
    for _ in range(52):
        moments.append(one.at)
        one.count(0.01)
        one.count(0.02, generation="p2")
        one.look(30 * 60)
    files = list((node.folder / "run" / "metrics" / MINUTES).iterdir())
    assert len(files) <= 26
    hours = node.activity(minutes=1440, step=60, by="endpoint")
    since = (time.time() - 24 * 3600) // 3600 * 3600
    assert sum(each.queries for each in hours) == 2 * sum(moment >= since for moment in moments)
    assert {each.generation for each in hours} == {""}
    assert all(each.minute.minute == 0 for each in hours)
    only = node.activity(minutes=1440, service="churn-api", generation="p2")
    assert {(each.generation, each.queries) for each in only} == {("p2", 1)}
    assert node.activity(endpoint="other", minutes=1440) == []
    with pytest.raises(errors.NotFound, match="no service 'other'; there are: churn-api"):
        node.activity(service="other")


def test_a_running_process_writes_its_minutes(node):
    metrics = Metrics(node.folder / "run" / "metrics")
    metrics.start()
    from_queries = [("p1", 3), ("p2", 1)]
    for generation, several in from_queries:
        for _ in range(several):
            metrics.count(query(generation=generation))
    metrics.close()
    told = node.activity()
    assert sorted((each.generation, each.queries) for each in told) == from_queries
