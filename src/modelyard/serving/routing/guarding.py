"""Watching the last answers of a generation, and saying when they are too bad."""

from __future__ import annotations

from collections import deque

from modelyard.serving.types import Guard

SLOW_SHARE = 0.01
"""The 99th percentile is above a bound exactly if more than this share took longer."""


class Watch:
    """The last answers of one generation: how many failed, how many took too long."""

    def __init__(self, guard: Guard) -> None:
        self.guard = guard
        self._slow_after = None if guard.p99_ms is None else guard.p99_ms / 1000
        self._last: deque[tuple[bool, bool]] = deque(maxlen=guard.queries)
        self._failed = 0
        self._slow = 0

    def note(self, *, failed: bool, seconds: float) -> str:
        """Take note of an answer; gives why the generation must not go on, or nothing."""
        if len(self._last) == self.guard.queries:
            old_failed, old_slow = self._last[0]
            self._failed -= old_failed
            self._slow -= old_slow
        slow = self._slow_after is not None and seconds > self._slow_after
        self._last.append((failed, slow))
        self._failed += failed
        self._slow += slow
        return self._verdict()

    def _verdict(self) -> str:
        """Why it must not go on; said as soon as the next answers could not change it."""
        seen, rate = self.guard.queries, self.guard.error_rate
        if rate is not None and self._failed > rate * seen:
            return f"{self._failed} of its last {len(self._last)} queries failed"
        if self._slow_after is not None and self._slow > SLOW_SHARE * seen:
            return (
                f"{self._slow} of its last {len(self._last)} queries took longer than "
                f"{self.guard.p99_ms:g} ms"
            )
        return ""
