"""Histograms of durations: many narrow buckets, so that percentiles can be read off them."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from operator import sub

SERIES = (
    1.0, 1.12, 1.25, 1.4, 1.6, 1.8, 2.0, 2.24, 2.5, 2.8,
    3.15, 3.55, 4.0, 4.5, 5.0, 5.6, 6.3, 7.1, 8.0, 9.0,
)  # fmt: skip
"""The preferred numbers R20 of ISO 3: each is about an eighth above the one before."""
SECONDS = tuple(round(number * 10.0**power, 10) for power in range(-5, 2) for number in SERIES)
"""Upper edges of the buckets, in seconds: from 10 µs to 90 s."""
TOLD_SECONDS = tuple(
    edge
    for place, edge in enumerate(SECONDS)
    if SERIES[place % len(SERIES)] in {1.0, 2.5, 5.0} and edge >= 0.0001
)
"""Those that Prometheus is told of."""
ROWS = tuple(float(2**power) for power in range(15))
"""Upper edges for rows of batches."""


class Histogram:
    """Counts of values by bucket; bucket i holds those above edge i-1 up to edge i."""

    __slots__ = ("counts", "edges", "total")

    def __init__(self, edges: tuple[float, ...] = SECONDS) -> None:
        self.edges = edges
        self.counts = array("Q", bytes(8 * (len(edges) + 1)))
        self.total = 0.0

    def add(self, value: float) -> None:
        """Count a value."""
        self.counts[bisect_left(self.edges, value)] += 1
        self.total += value

    def plus(self, counts: Iterable[tuple[int, int]], total: float) -> None:
        """Count those of another one, given as pairs of bucket and count."""
        for place, count in counts:
            self.counts[place] += count
        self.total += total

    def copy(self) -> Histogram:
        """One of the same counts."""
        return self.since(None)

    def since(self, before: Histogram | None) -> Histogram:
        """What came since it was as it was `before`."""
        new = Histogram(self.edges)
        counts, total = array("Q", self.counts), self.total
        if before is not None:
            counts = array("Q", map(sub, counts, before.counts))
            total -= before.total
        new.counts, new.total = counts, total
        return new

    def pairs(self) -> list[tuple[int, int]]:
        """Bucket and count, where there is any."""
        return [(place, count) for place, count in enumerate(self.counts) if count]


def percentile(edges: Sequence[float], counts: Sequence[int], share: float) -> float | None:
    """The value below which a share of the values lie, interpolated in its bucket.

    Args:
        edges: upper edges of the buckets.
        counts: values by bucket, with one more for those above the last edge.
        share: 0 to 1.
    """
    wanted = share * sum(counts)
    if not wanted:
        return None
    below = 0
    for place, count in enumerate(counts):
        if below + count >= wanted and count:
            if place == len(edges):
                return edges[-1]
            low = edges[place - 1] if place else 0.0
            return low + (edges[place] - low) * (wanted - below) / count
        below += count
    return edges[-1]
