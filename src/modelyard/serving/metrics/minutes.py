"""What a process answered minute by minute, in files that outlive it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from modelyard.serving.metrics.histograms import Histogram
from modelyard.serving.metrics.snapshots import Labels, listed

MINUTE, HOUR = 60, 3600
KEPT_HOURS = 24
MINUTES = "minutes"
"""The folder that they are in, beside the numbers of processes."""
OVER, RUNNING = ".jsonl", ".json"
Told = list[tuple[Labels, list[tuple[int, int]], float]]


class Minutes:
    """Keeps what came in each minute, in a file for each hour; those older than a day go.

    The running minute is a file of its own, which is replaced as a whole. `look` is for one
    thread, and is called about every second: what came since the last look belongs to the minute
    of that.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._clock = clock
        self._name = f"{time.time_ns()}-{os.getpid()}"
        self._minute = _minute_of(clock())
        self._before: dict[Labels, Histogram] = {}

    def look(self, totals: Iterable[tuple[Labels, Histogram]]) -> None:
        """Keep what came, by the histograms of all that was counted since the start.

        Raises:
            OSError: it cannot be written.
        """
        counted = list(totals)
        came = self._came(counted)
        minute = _minute_of(self._clock())
        if minute == self._minute:
            if came:
                self._write_running(came)
            return
        if came:
            self._end(came)
        self._before = {labels: each.copy() for labels, each in counted}
        self._minute = minute
        self._forget()

    def close(self, totals: Iterable[tuple[Labels, Histogram]]) -> None:
        """Keep the running minute as one that is over.

        Raises:
            OSError: it cannot be written.
        """
        if came := self._came(totals):
            self._end(came)

    def _came(self, totals: Iterable[tuple[Labels, Histogram]]) -> Told:
        news = {labels: each.since(self._before.get(labels)) for labels, each in totals}
        return listed({labels: each for labels, each in news.items() if any(each.counts)})

    @property
    def _running(self) -> Path:
        return self._folder / f"{self._name}{RUNNING}"

    def _write_running(self, came: Told) -> None:
        beside = self._running.with_suffix(".new")
        beside.write_bytes(self._encoded(came))
        beside.replace(self._running)

    def _end(self, came: Told) -> None:
        hour = self._minute // HOUR
        with (self._folder / f"{hour}-{self._name}{OVER}").open("ab") as file:
            file.write(b"\n" + self._encoded(came))  # apart from what a full disk tore
        self._running.unlink(missing_ok=True)

    def _encoded(self, came: Told) -> bytes:
        return msgspec.json.encode({"minute": self._minute, "of": came})

    def _forget(self) -> None:
        """Remove what is older than a day, whichever process wrote it."""
        oldest = self._minute // HOUR - KEPT_HOURS
        for file in self._folder.glob(f"*{OVER}"):
            if _hour_of(file) < oldest:
                file.unlink(missing_ok=True)
        for file in self._folder.glob(f"*{RUNNING}"):
            with suppress(FileNotFoundError):
                if file.stat().st_mtime // HOUR < oldest:
                    file.unlink()


def minutes_in(folder: Path, since: float) -> Iterator[tuple[int, Iterable[Any]]]:
    """Each minute from a moment on, by when it began, with its histograms by labels.

    A minute comes once for each process that answered in it.
    """
    running = {file.stem: told for file in folder.glob(f"*{RUNNING}") if (told := _running(file))}
    for file in folder.glob(f"*{OVER}"):
        if (_hour_of(file) + 1) * HOUR <= since:
            continue
        name = file.stem.partition("-")[2]
        for minute, several in _over(file):
            if minute >= since:
                yield minute, several
            if name in running and running[name][0] == minute:
                del running[name]  # it ended while we read
    for minute, several in running.values():
        if minute >= since:
            yield minute, several


def _over(file: Path) -> Iterator[tuple[int, Iterable[Any]]]:
    with suppress(FileNotFoundError):
        for line in file.read_bytes().splitlines():
            with suppress(msgspec.DecodeError):  # whoever wrote it was killed
                told = msgspec.json.decode(line)
                yield told["minute"], told["of"]


def _running(file: Path) -> tuple[int, Iterable[Any]] | None:
    try:
        told = msgspec.json.decode(file.read_bytes())
    except (FileNotFoundError, msgspec.DecodeError):
        return None
    return told["minute"], told["of"]


def _hour_of(file: Path) -> int:
    hour = file.name.partition("-")[0]
    return int(hour) if hour.isdecimal() else 0


def _minute_of(moment: float) -> int:
    return int(moment // MINUTE) * MINUTE
