"""What a worker does beside its jobs, in a thread of its own: it may wait, and leases may not."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from modelyard import errors
from modelyard.kernel.context import Context

LOG = logging.getLogger("modelyard.jobs")
AGAIN_AFTER = 5.0
"""Seconds after which it is tried again where the database is away, or something broke."""
AT_MOST_EVERY = 5.0
"""Seconds between two times, however many jobs end."""

Errands = Callable[[Context, Callable[[], bool]], float]
"""Does what is to be done, unless it is stopping; gives seconds until there may be more."""


def nothing(_context: Context, _is_stopping: Callable[[], bool]) -> float:
    """There are none."""
    return threading.TIMEOUT_MAX


class Aside:
    """Runs errands again and again until it is stopped."""

    def __init__(self, context: Context, errands: Errands) -> None:
        self._context = context
        self._errands = errands
        self._stopping = threading.Event()
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._work, name="aside", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def hurry(self) -> None:
        """Something happened: do not wait until it would be time."""
        self._wake.set()

    def stop(self, seconds: float) -> None:
        """Begin nothing more, and give what is under way some seconds to end."""
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(seconds)

    def once(self) -> float:
        """Run them now, in this thread."""
        try:
            return self._errands(self._context, self._stopping.is_set)
        except errors.Unavailable as exc:
            LOG.debug("%s; trying again", exc.in_full())
        except Exception:  # a mistake in an errand ends neither the thread nor the worker
            LOG.exception("an errand failed; it is tried again")
        return AGAIN_AFTER

    def _work(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            pause = self.once()
            self._stopping.wait(min(AT_MOST_EVERY, pause))
            self._wake.wait(min(pause, threading.TIMEOUT_MAX))
