"""Pictures of a report, made in a thread of their own while its next chart is drawn."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from modelyard.analysis.charts.types import Drawn
from modelyard.evaluations.charting.report_parts import Excerpt, Part
from modelyard.evaluations.charting.stills import Stills
from modelyard.kernel.progress import Progress, silence

WIDTH = 600
"""Pixels that a plot has across; with its axes it fits a sheet of A4."""


@dataclass(frozen=True)
class Pictures:
    """What makes the pictures of a report.

    Args:
        stills: makes them.
        thread: in which they are made.
        progress: hears how far the report is.
    """

    stills: Stills
    thread: ThreadPoolExecutor
    progress: Progress

    def part(
        self,
        name: str,
        drawn: Drawn,
        about: str = "",
        tables: tuple[Excerpt, ...] = (),
        screen: str = "",
    ) -> Part:
        """A part whose picture is in the making."""
        picture = None
        if drawn.spec is not None:
            picture = self.thread.submit(self.stills.svg, drawn.spec, WIDTH)
        return Part(name, drawn, about, tables, screen, picture)

    def step(self, doing: str, done: int, total: int) -> None:
        """Say what is done next, of how many like it."""
        self.progress(doing, fraction=done / max(1, total))


@contextmanager
def pictures(progress: Progress = silence) -> Iterator[Pictures]:
    """What makes pictures; its process ends with the block."""
    with Stills() as stills, ThreadPoolExecutor(1) as thread:
        try:
            yield Pictures(stills, thread, progress)
        finally:
            thread.shutdown(cancel_futures=True)
