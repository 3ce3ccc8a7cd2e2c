"""How fast a run goes and how long it will still take."""

from __future__ import annotations

import time

from modelyard.kernel.progress import Progress


class Pace:
    """Tells progress after each chunk.

    Args:
        progress: is told.
        total: rows of the input, where that is known.
        resumed_from: rows that an earlier attempt had scored.
    """

    def __init__(self, progress: Progress, *, total: int | None, resumed_from: int) -> None:
        self._progress = progress
        self._total = total
        self._resumed_from = resumed_from
        self._started = self._begun = time.monotonic()
        self._ended: float | None = None
        self.rows = 0

    def begin(self) -> None:
        """Count the pace from now on: the model is loaded."""
        self._begun = time.monotonic()

    def end(self) -> None:
        """Stop the clock: the output is there."""
        self._ended = time.monotonic()

    def advance(self, rows: int) -> None:
        """Take note that so many further rows are written."""
        self.rows += rows
        told = f"scored {self.rows:,} rows"
        if self._total:
            told = f"scored {self.rows:,} of {self._total:,} rows"
        speed = self.rows_per_second
        if speed:
            told = f"{told}, {speed:,.0f} rows/s"
            if self._total and self.rows < self._total:
                told = f"{told}, {_duration((self._total - self.rows) / speed)} left"
        fraction = min(1.0, self.rows / self._total) if self._total else None
        self._progress(told, fraction=fraction, rows=self.rows)

    @property
    def seconds(self) -> float:
        """Seconds since the attempt started, loading the model included."""
        return self._now() - self._started

    @property
    def rows_per_second(self) -> float:
        """Rows scored in this attempt per second since the model was loaded."""
        return max(0, self.rows - self._resumed_from) / max(self._now() - self._begun, 1e-9)

    def _now(self) -> float:
        return time.monotonic() if self._ended is None else self._ended


def _duration(seconds: float) -> str:
    whole = round(max(0.0, seconds))
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
