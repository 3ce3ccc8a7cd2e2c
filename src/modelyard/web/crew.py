"""The workers that run jobs beside the web server, each in a thread of its own."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from threading import Event, Thread
from typing import Protocol

LOG = logging.getLogger("modelyard.web")
AGAIN_AFTER = 1.0
JOINS_FOR = 0.2


class Works(Protocol):
    """A worker, as far as its crew knows it."""

    def run(self) -> None:
        """Work until stopped."""
        ...

    def stop(self) -> None:
        """End in order; called once more: at once."""
        ...


class Crew:
    """Some workers; one that fails is replaced."""

    def __init__(self, hires: Sequence[Callable[[], Works]]) -> None:
        self._hires = hires
        self._stopping = Event()
        self._at_work: set[Works] = set()
        self._threads = [Thread(target=self._keep, args=(hire,), daemon=True) for hire in hires]

    def start(self) -> None:
        """Let them begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Ask them to end; called once more: at once. Safe in a signal handler."""
        self._stopping.set()
        for worker in tuple(self._at_work):
            worker.stop()

    def join(self, within: float) -> None:
        """Wait until none is at work, but no longer than some seconds.

        One that still waits for the database never will be; and one that hangs is of no use once
        its leases are over.
        """
        until = time.monotonic() + within
        for thread in self._threads:
            while self._at_work and thread.is_alive() and time.monotonic() < until:
                thread.join(JOINS_FOR)

    def _keep(self, hire: Callable[[], Works]) -> None:
        while not self._stopping.is_set():
            try:
                worker = hire()
                self._at_work.add(worker)
                try:
                    if not self._stopping.is_set():
                        worker.run()
                finally:
                    self._at_work.discard(worker)
            except Exception:
                LOG.exception("a worker failed; another one takes its place")
                time.sleep(AGAIN_AFTER)
