"""The numbers of a node as Prometheus reads them, and as a few figures for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import accumulate
from pathlib import Path
from typing import Any

import msgspec
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from modelyard.serving.metrics.counting import written
from modelyard.serving.metrics.histograms import SECONDS, TOLD_SECONDS, Histogram, percentile
from modelyard.serving.metrics.snapshots import COUNTERS, GAUGES, HISTOGRAMS, Labels, Numbers
from modelyard.serving.metrics.types import NodeMetrics, PoolMetrics, WindowMetrics

PROMETHEUS = CONTENT_TYPE_LATEST
"""The content type of `prometheus_text`."""


def gather_from(folder: Path) -> Numbers:
    """Sum what the processes of a node wrote, for whoever is none of them."""
    numbers = Numbers()
    for file, fresh in written(folder):
        try:
            told = msgspec.json.decode(file.read_bytes())
        except FileNotFoundError:
            continue
        numbers.add(told, alive=fresh)
    return numbers


def prometheus_text(numbers: Numbers) -> bytes:
    """The numbers in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(_Told(numbers))
    return generate_latest(registry)


class _Told(Collector):
    def __init__(self, numbers: Numbers) -> None:
        self._numbers = numbers

    def collect(self) -> Iterator[Metric]:
        for name, family in HISTOGRAMS.items():
            told = HistogramMetricFamily(name, family.about, labels=family.labels)
            for labels, each in self._numbers.histograms[name].items():
                told.add_metric(labels, _buckets(each), each.total)
            yield told
        for name, family in COUNTERS.items():
            counter = CounterMetricFamily(name, family.about, labels=family.labels)
            for labels, value in self._numbers.counters[name].items():
                counter.add_metric(labels, value)
            yield counter
        for name, family in GAUGES.items():
            gauge = GaugeMetricFamily(name, family.about, labels=family.labels)
            for labels, value in self._numbers.gauges[name].items():
                gauge.add_metric(labels, value)
            yield gauge


def _buckets(histogram: Histogram) -> list[tuple[str, float]]:
    """Upper edges with how many values are at most that."""
    told = set(TOLD_SECONDS if histogram.edges is SECONDS else histogram.edges)
    sums = list(accumulate(histogram.counts))
    buckets = [
        (str(edge), float(sums[place]))
        for place, edge in enumerate(histogram.edges)
        if edge in told
    ]
    return [*buckets, ("+Inf", float(sums[-1]))]


def in_short(numbers: Numbers) -> NodeMetrics:
    """The numbers in a few figures."""
    windows: list[WindowMetrics] = []
    for seconds, several in sorted(numbers.windows.items()):
        grouped: dict[Labels, dict[str, Histogram]] = {}
        for (service, endpoint, generation, status, shadow), each in several.items():
            grouped.setdefault((service, endpoint, generation, shadow), {})[status] = each
        windows += [_window(key, seconds, grouped[key]) for key in sorted(grouped)]
    gauges = numbers.gauges
    restarts = numbers.counters["modelyard_worker_restarts"]
    return NodeMetrics(
        processes=int(gauges["modelyard_processes"].get((), 0)),
        lost_lines=int(numbers.counters["modelyard_log_lost"].get((), 0)),
        refused={
            kind: int(count) for (kind,), count in numbers.counters["modelyard_refused"].items()
        },
        windows=tuple(windows),
        pools=tuple(
            PoolMetrics(
                service=labels[0],
                endpoint=labels[1],
                generation=labels[2],
                workers=int(workers),
                busy=int(gauges["modelyard_workers_busy"][labels]),
                waiting=int(gauges["modelyard_queue_length"][labels]),
                restarts=int(restarts[labels]),
                memory=int(gauges["modelyard_workers_memory_bytes"][labels]),
            )
            for labels, workers in sorted(gauges["modelyard_workers"].items())
        ),
    )


def _window(key: Labels, seconds: int, by_status: dict[str, Histogram]) -> WindowMetrics:
    told = figures(by_status)
    return WindowMetrics(
        service=key[0],
        endpoint=key[1],
        generation=key[2],
        shadow=key[3] == "true",
        seconds=seconds,
        rate=round(told["queries"] / seconds, 3),
        **told,
    )


def figures(by_status: Mapping[str, Histogram]) -> dict[str, Any]:
    """How many queries there were by their status, and within which milliseconds they were over.

    Refused ones take no time worth the name, and are left out of the times.
    """
    tried = tried_of(by_status)
    failed = refused = 0
    for status, each in by_status.items():
        count = sum(each.counts)
        if _is_refused(status):
            refused += count
        elif status >= "500":
            failed += count
    queries = sum(tried.counts) + refused
    return {"queries": queries, "failed": failed, "refused": refused, **times_of(tried)}


def tried_of(by_status: Mapping[str, Histogram]) -> Histogram:
    """The times of all queries that were not refused."""
    tried = Histogram(SECONDS)
    for status, each in by_status.items():
        if not _is_refused(status):
            tried.plus(each.pairs(), each.total)
    return tried


def times_of(tried: Histogram) -> dict[str, float | None]:
    """The milliseconds within which 50, 95 and 99 of 100 were over; None: there are none."""
    shares = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
    found = {name: percentile(SECONDS, tried.counts, share) for name, share in shares.items()}
    return {
        name: None if value is None else round(value * 1000, 3) for name, value in found.items()
    }


def _is_refused(status: str) -> bool:
    return "400" <= status < "500" or status == "503"
