"""Counting in a running process, so cheaply that every query can be counted."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import msgspec

from modelyard.serving.metrics.histograms import ROWS, Histogram
from modelyard.serving.metrics.minutes import MINUTES, Minutes
from modelyard.serving.metrics.snapshots import QUERIES, Labels, Numbers
from modelyard.serving.metrics.types import WINDOWS
from modelyard.serving.querylog.events import QueryEvent

log = logging.getLogger(__name__)

EVERY = 1.0
"""Seconds after which the other processes see what this one counted."""
FRESH = 10.0
"""Seconds after which a process that writes nothing is taken for gone."""
FINE, COARSE = 2.0, 60.0
"""Seconds between two looks back: for the window of a minute, and for the longer ones."""
Looks = deque[tuple[float, dict[Labels, Histogram]]]


def written(folder: Path) -> list[tuple[Path, bool]]:
    """The files that processes wrote their numbers into, and whether they still do."""
    now = time.time()
    found = []
    for file in sorted(folder.glob("*.json")):
        with suppress(FileNotFoundError):
            found.append((file, now - file.stat().st_mtime < FRESH))
    return found


class PoolNumbers(Protocol):
    """How the workers of an endpoint are doing."""

    @property
    def workers(self) -> int:
        """How many there are."""

    @property
    def busy(self) -> int:
        """How many are at work."""

    @property
    def waiting(self) -> int:
        """Queries that wait."""

    @property
    def restarts(self) -> int:
        """Workers that were replaced since the start."""

    @property
    def memory(self) -> int:
        """Bytes, of all together."""


class Counted:
    """The histograms of one generation of an endpoint, found by one look for every query."""

    __slots__ = ("batch", "enrichment", "model", "queue", "rows", "totals")

    def __init__(self) -> None:
        self.totals: dict[tuple[int, bool], Histogram] = {}
        self.queue = Histogram()
        self.enrichment = Histogram()
        self.model = Histogram()
        self.batch = Histogram(ROWS)
        self.rows = 0


class Metrics:
    """Counts what a process answers; with a `folder`, the numbers of all that share it are summed.

    `count` and `refuse` are for one thread, that of the event loop. `start` has a thread write the
    numbers into the folder every second; `close` ends it. What a process counted that is gone
    still counts, until all of them are.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._minutes = None if folder is None else Minutes(folder / MINUTES)
        self._counted: dict[Labels, Counted] = {}
        self._problems: dict[Labels, int] = {}
        self._refused: dict[Labels, int] = {}
        self.pools: Callable[[], Mapping[Labels, PoolNumbers]] = dict
        """Gives the pools by service, endpoint and generation."""
        self.log_lost: Callable[[], int] = int
        self.log_waiting: Callable[[], int] = int
        self._fine: Looks = deque(maxlen=int(WINDOWS[0] / FINE) + 2)
        self._coarse: Looks = deque(maxlen=int(WINDOWS[-1] / COARSE) + 2)
        self._looks = threading.Lock()
        self._ended = threading.Event()
        self._failing = False
        self._thread = threading.Thread(target=self._run, name="metrics", daemon=True)

    def count(self, event: QueryEvent) -> None:
        """Count a query that is over."""
        labels = (event.service, event.endpoint, event.generation)
        counted = self._counted.get(labels)
        if counted is None:
            counted = self._counted.setdefault(labels, Counted())
        key = (event.status, event.shadow)
        total = counted.totals.get(key)
        if total is None:
            total = counted.totals.setdefault(key, Histogram())
        total.add(event.seconds)
        counted.rows += event.row_count
        timings = event.timings
        if timings is not None:
            counted.queue.add(timings.waited / 1e6)
            counted.model.add(timings.model / 1e6)
            counted.batch.add(timings.batch)
            if timings.enrichment:
                counted.enrichment.add(timings.enrichment / 1e6)
        if event.problem:
            problem = (*labels, event.problem)
            self._problems[problem] = self._problems.get(problem, 0) + 1

    def refuse(self, kind: str) -> None:
        """Count a request that reached no endpoint, such as "unauthenticated" or "not_found"."""
        self._refused[(kind,)] = self._refused.get((kind,), 0) + 1

    def start(self) -> None:
        """Begin to look back, and to write the numbers into the folder."""
        if self._folder is not None:
            for each in (self._folder, self._folder / MINUTES):
                each.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not any(fresh for _, fresh in self._others()):
                for file, _ in self._others():
                    file.unlink(missing_ok=True)
        self._thread.start()

    def close(self) -> None:
        """Write the last numbers as those of a process that is gone, and end."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()
        if self._folder is not None and self._minutes is not None:
            with suppress(OSError):
                self._minutes.close(self._totals())
            with suppress(OSError):
                os.utime(self._folder / self._file_name, (0, 0))

    def mine(self) -> Numbers:
        """What this process counted."""
        numbers = Numbers()
        told = numbers.histograms
        told[QUERIES].update(self._totals())
        for labels, each in list(self._counted.items()):
            told["modelyard_queue_seconds"][labels] = each.queue
            told["modelyard_model_seconds"][labels] = each.model
            told["modelyard_batch_rows"][labels] = each.batch
            if each.enrichment.total:
                told["modelyard_enrichment_seconds"][labels] = each.enrichment
            numbers.counters["modelyard_rows"][labels] = each.rows
        numbers.counters["modelyard_problems"].update(list(self._problems.items()))
        numbers.counters["modelyard_refused"].update(list(self._refused.items()))
        numbers.counters["modelyard_log_lost"][()] = self.log_lost()
        gauges = numbers.gauges
        for labels, pool in self.pools().items():
            gauges["modelyard_workers"][labels] = pool.workers
            gauges["modelyard_workers_busy"][labels] = pool.busy
            gauges["modelyard_queue_length"][labels] = pool.waiting
            gauges["modelyard_workers_memory_bytes"][labels] = pool.memory
            numbers.counters["modelyard_worker_restarts"][labels] = pool.restarts
        gauges["modelyard_log_waiting_bytes"][()] = self.log_waiting()
        gauges["modelyard_processes"][()] = 1
        numbers.windows = self._windows()
        return numbers

    def gather(self) -> Numbers:
        """What this process and all others that share its folder counted."""
        numbers = Numbers()
        numbers.add(msgspec.json.decode(self.mine().encoded(time.time())), alive=True)
        for file, fresh in self._others():
            with suppress(FileNotFoundError):
                numbers.add(msgspec.json.decode(file.read_bytes()), alive=fresh)
        return numbers

    def _others(self) -> list[tuple[Path, bool]]:
        """Files of the other processes, and whether they are still written."""
        if self._folder is None:
            return []
        return [each for each in written(self._folder) if each[0].name != self._file_name]

    @property
    def _file_name(self) -> str:
        return f"{os.getpid()}.json"

    def _run(self) -> None:
        while True:
            self._look_back()
            self._write()
            if self._ended.wait(EVERY):
                break
        self._write()

    def _write(self) -> None:
        if self._folder is None or self._minutes is None:
            return
        file = self._folder / self._file_name
        beside = file.with_suffix(".new")
        try:
            beside.write_bytes(self.mine().encoded(time.time()))
            beside.replace(file)
            self._minutes.look(self._totals())
        except OSError as exc:
            if not self._failing:
                log.error("the numbers of this process cannot be written: %s", exc)  # noqa: TRY400
            self._failing = True
        else:
            self._failing = False

    def _look_back(self) -> None:
        """Remember the histograms of queries as they are, to tell later what came since."""
        now = time.monotonic()
        with self._looks:
            for looks, every in ((self._fine, FINE), (self._coarse, COARSE)):
                if not looks or now - looks[-1][0] >= every:
                    looks.append((now, self._copied(looks[-1][1] if looks else {})))

    def _copied(self, before: dict[Labels, Histogram]) -> dict[Labels, Histogram]:
        """Copy the histograms that changed."""
        copies = {}
        for labels, each in self._totals():
            known = before.get(labels)
            copies[labels] = known if known and known.counts == each.counts else each.copy()
        return copies

    def _totals(self) -> list[tuple[Labels, Histogram]]:
        return [
            ((*labels, str(status), "true" if shadow else "false"), total)
            for labels, each in list(self._counted.items())
            for (status, shadow), total in list(each.totals.items())
        ]

    def _windows(self) -> dict[int, dict[Labels, Histogram]]:
        """The histograms of what came in the last seconds."""
        now = time.monotonic()
        windows = {}
        with self._looks:
            for seconds in WINDOWS:
                looks = self._fine if seconds == WINDOWS[0] else self._coarse
                before = next((look for at, look in reversed(looks) if now - at >= seconds), None)
                if before is None:
                    before = looks[0][1] if looks else {}
                windows[seconds] = {
                    labels: each.since(before.get(labels)) for labels, each in self._totals()
                }
        return windows
