"""The numbers of one process at one moment, and the sum of those of several."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import msgspec

from modelyard.serving.metrics.histograms import ROWS, SECONDS, Histogram

Labels = tuple[str, ...]

ENDPOINT = ("service", "endpoint", "generation")


class Family(NamedTuple):
    """Numbers of one name, with the labels that tell them apart."""

    about: str
    labels: Labels
    edges: tuple[float, ...] = ()


HISTOGRAMS = {
    "modelyard_query_seconds": Family(
        "From the arrival of a query to its answer.", (*ENDPOINT, "status", "shadow"), SECONDS
    ),
    "modelyard_queue_seconds": Family("Waiting for a worker.", ENDPOINT, SECONDS),
    "modelyard_enrichment_seconds": Family("Looking features up.", ENDPOINT, SECONDS),
    "modelyard_model_seconds": Family("In the worker.", ENDPOINT, SECONDS),
    "modelyard_batch_rows": Family("Rows that one call of a worker answered.", ENDPOINT, ROWS),
}
COUNTERS = {
    "modelyard_rows": Family("Rows that were asked about.", ENDPOINT),
    "modelyard_problems": Family("Queries without an answer, by kind.", (*ENDPOINT, "problem")),
    "modelyard_refused": Family("Requests that reached no endpoint, by kind.", ("kind",)),
    "modelyard_log_lost": Family("Lines that the query log lost.", ()),
    "modelyard_worker_restarts": Family("Workers that were replaced.", ENDPOINT),
}
GAUGES = {
    "modelyard_workers": Family("Workers.", ENDPOINT),
    "modelyard_workers_busy": Family("Workers that are at work.", ENDPOINT),
    "modelyard_queue_length": Family("Queries that wait for a worker.", ENDPOINT),
    "modelyard_workers_memory_bytes": Family("Memory of the workers.", ENDPOINT),
    "modelyard_log_waiting_bytes": Family("Lines that wait to be written.", ()),
    "modelyard_processes": Family("Processes that share the port.", ()),
}
QUERIES = "modelyard_query_seconds"


class Numbers:
    """Histograms, counters and gauges by name and labels; windows are histograms of queries."""

    def __init__(self) -> None:
        self.histograms: dict[str, dict[Labels, Histogram]] = {name: {} for name in HISTOGRAMS}
        self.counters: dict[str, dict[Labels, float]] = {name: {} for name in COUNTERS}
        self.gauges: dict[str, dict[Labels, float]] = {name: {} for name in GAUGES}
        self.windows: dict[int, dict[Labels, Histogram]] = {}

    def add(self, other: Mapping[str, Any], *, alive: bool) -> None:
        """Add those of a process; of one that is gone only what it counted."""
        for name, several in other["histograms"].items():
            _plus(self.histograms[name], several, HISTOGRAMS[name].edges)
        _sum(self.counters, other["counters"])
        if alive:
            _sum(self.gauges, other["gauges"])
            for seconds, several in other["windows"].items():
                _plus(self.windows.setdefault(int(seconds), {}), several, SECONDS)

    def encoded(self, moment: float) -> bytes:
        """Write them as JSON, which `add` reads."""
        return msgspec.json.encode(
            {
                "time": moment,
                "histograms": {name: listed(each) for name, each in self.histograms.items()},
                "counters": {name: list(each.items()) for name, each in self.counters.items()},
                "gauges": {name: list(each.items()) for name, each in self.gauges.items()},
                "windows": {str(name): listed(each) for name, each in self.windows.items()},
            }
        )


def listed(
    several: Mapping[Labels, Histogram],
) -> list[tuple[Labels, list[tuple[int, int]], float]]:
    """Histograms by their labels, as they are written."""
    return [(labels, each.pairs(), each.total) for labels, each in several.items()]


def _plus(mine: dict[Labels, Histogram], others: Iterable[Any], edges: tuple[float, ...]) -> None:
    for labels, pairs, total in others:
        mine.setdefault(tuple(labels), Histogram(edges)).plus(pairs, total)


def _sum(mine: dict[str, dict[Labels, float]], others: Mapping[str, Any]) -> None:
    for name, several in others.items():
        for labels, value in several:
            key = tuple(labels)
            mine[name][key] = mine[name].get(key, 0) + value
