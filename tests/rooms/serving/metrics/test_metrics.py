"""The numbers of a node: what is counted, how it is summed, and what percentiles are."""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.rooms.serving.querylog.queries import query

from modelyard.serving.metrics.counting import Metrics
from modelyard.serving.metrics.histograms import SECONDS, Histogram, percentile
from modelyard.serving.metrics.telling import gather_from, in_short, prometheus_text

P1 = ("churn-api", "churn", "p1")


@dataclass
class Pool:
    workers: int = 2
    busy: int = 1
    waiting: int = 3
    restarts: int = 4
    memory: int = 5_000_000


@pytest.fixture
def metrics(tmp_path):
    metrics = Metrics(tmp_path)
    metrics.pools = lambda: {P1: Pool()}
    metrics.log_lost = lambda: 7
    metrics.start()
    yield metrics
    metrics.close()


def ask(metrics, count=1, **changes):
    for _ in range(count):
        event = query()
        for name, value in changes.items():
            setattr(event, name, value)
        metrics.count(event)


def samples(numbers):
    return {
        (each.name, *sorted(each.labels.items())): each.value
        for family in text_string_to_metric_families(prometheus_text(numbers).decode())
        for each in family.samples
    }


@pytest.mark.parametrize("draw", [("lognormal", -6, 1), ("uniform", 0.001, 3), ("gamma", 2, 0.01)])
def test_percentiles_are_near_those_of_the_values(draw):
    rng = np.random.default_rng(4)
    values = getattr(rng, draw[0])(draw[1], draw[2], 20_000)
    histogram = Histogram()
    for value in values:
        histogram.add(value)
    for share in (0.01, 0.5, 0.95, 0.99):
        found = percentile(SECONDS, histogram.counts, share)
        assert found == pytest.approx(np.quantile(values, share), rel=0.06)
    assert histogram.total == pytest.approx(values.sum())


def test_percentiles_at_the_ends():
    histogram = Histogram()
    assert percentile(SECONDS, histogram.counts, 0.5) is None
    histogram.add(1e9)
    assert percentile(SECONDS, histogram.counts, 0.5) == SECONDS[-1]
    tiny = Histogram()
    tiny.add(0.0)
    assert 0 < percentile(SECONDS, tiny.counts, 0.5) <= SECONDS[0]


def test_what_prometheus_reads(metrics):
    ask(metrics, 3, seconds=0.0012)
    ask(metrics, 1, seconds=0.3)
    ask(metrics, 2, status=400, problem="invalid", answers=(), timings=None)
    ask(metrics, 1, shadow=True, generation="p2")
    metrics.refuse("unauthenticated")
    told = samples(metrics.gather())
    own = (("endpoint", "churn"), ("generation", "p1"))
    of, service = own, ("service", "churn-api")
    answered = (service, ("shadow", "false"), ("status", "200"))

    def below(edge):
        return told["modelyard_query_seconds_bucket", *own, ("le", edge), *answered]

    assert [below(edge) for edge in ("0.001", "0.0025", "0.25", "0.5", "+Inf")] == [0, 3, 3, 4, 4]
    assert told["modelyard_query_seconds_sum", *of, *answered] == pytest.approx(0.3036)
    assert told["modelyard_rows_total", *of, service] == 6
    assert told["modelyard_problems_total", *of, ("problem", "invalid"), service] == 2
    assert told["modelyard_queue_seconds_count", *of, service] == 4
    assert told["modelyard_model_seconds_sum", *of, service] == pytest.approx(4 * 0.0009)
    assert told["modelyard_batch_rows_bucket", *of, ("le", "4.0"), service] == 4
    assert told["modelyard_refused_total", ("kind", "unauthenticated")] == 1
    assert told["modelyard_log_lost_total",] == 7
    assert told["modelyard_workers", *of, service] == 2
    assert told["modelyard_workers_busy", *of, service] == 1
    assert told["modelyard_queue_length", *of, service] == 3
    assert told["modelyard_worker_restarts_total", *of, service] == 4
    assert told["modelyard_workers_memory_bytes", *of, service] == 5_000_000


def test_a_few_figures(metrics):
    ask(metrics, 98, seconds=0.001)
    ask(metrics, 2, seconds=0.05, status=500, problem="failed")
    ask(metrics, 3, seconds=0.0005, status=503, problem="unavailable")
    ask(metrics, 207, seconds=0.0005, status=400, problem="invalid")
    short = in_short(metrics.gather())
    minute, five, hour = short.windows
    assert [each.seconds for each in short.windows] == [60, 300, 3600]
    assert (minute.queries, minute.failed, minute.refused) == (310, 2, 210)
    assert (minute.rate, hour.queries) == (round(310 / 60, 3), 310)
    assert minute.p50 == pytest.approx(1, rel=0.12)
    assert minute.p99 == pytest.approx(50, rel=0.12)
    assert five.p95 == pytest.approx(1, rel=0.12)
    (pool,) = short.pools
    assert (pool.workers, pool.busy, pool.waiting, pool.restarts) == (2, 1, 3, 4)
    assert (short.processes, short.lost_lines) == (1, 7)


def test_processes_are_summed_and_those_that_are_gone_still_count(metrics, tmp_path):
    ask(metrics, 5)
    told = metrics.mine().encoded(0)
    (tmp_path / "1.json").write_bytes(told)
    (tmp_path / "2.json").write_bytes(told)
    os.utime(tmp_path / "2.json", (0, 0))  # it wrote last long ago
    short = in_short(metrics.gather())
    assert (short.processes, short.lost_lines) == (2, 21)
    assert short.windows[0].queries == 10
    assert short.pools[0].workers == 4
    assert short.pools[0].restarts == 12
    rows = metrics.gather().counters["modelyard_rows"]
    assert rows == {P1: 15}


def test_whoever_is_no_process_of_the_node_reads_the_same(tmp_path):
    metrics = Metrics(tmp_path)
    ask(metrics, 5)
    metrics._write()
    told, mine = gather_from(tmp_path), metrics.gather()
    assert told.counters == mine.counters
    assert told.gauges["modelyard_processes"] == {(): 1}
    metrics.close()
    gone = gather_from(tmp_path)
    assert (gone.counters, gone.gauges["modelyard_processes"]) == (mine.counters, {})


def test_a_node_that_starts_anew_counts_from_zero(tmp_path):
    (tmp_path / "1.json").write_bytes(Metrics().mine().encoded(0))
    os.utime(tmp_path / "1.json", (0, 0))
    metrics = Metrics(tmp_path)
    metrics.start()
    metrics.close()
    assert [file.name for file in tmp_path.glob("*.json")] == [f"{os.getpid()}.json"]


def test_windows_forget(monkeypatch):
    metrics = Metrics()
    now = [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    metrics._look_back()
    ask(metrics, 10)
    for _ in range(200):
        now[0] += 1
        metrics._look_back()
    ask(metrics, 3)
    windows = metrics.mine().windows
    counts = {seconds: sum(sum(each.counts) for each in several.values())
              for seconds, several in windows.items()}  # fmt: skip
    assert counts == {60: 3, 300: 13, 3600: 13}


def test_a_folder_that_cannot_be_written_is_told_once(tmp_path, caplog):
    metrics = Metrics(tmp_path / "run")
    metrics.start()
    metrics.close()
    (tmp_path / "run").rename(tmp_path / "away")
    metrics._write()
    metrics._write()
    assert len([each for each in caplog.messages if "cannot be written" in each]) == 1
