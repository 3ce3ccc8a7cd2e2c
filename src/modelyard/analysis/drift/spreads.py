"""How finite numbers are spread: known exactly of rows, between the edges of cells of a profile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from modelyard.analysis.arrays import Floats
from modelyard.analysis.drift.profile_types import NumberCounts
from modelyard.analysis.drift.profiles import finite


class Spread(Protocol):
    """The finite numbers of a side, of which there are some."""

    def quantile(self, share: float) -> float:
        """What so many of the numbers are below."""

    @property
    def size(self) -> int:
        """How many numbers there are."""

    def between(self, edges: Floats) -> Floats:
        """How many there are between edges that rise; the first range holds its lower edge."""


@dataclass(frozen=True)
class OfRows:
    """Numbers themselves, sorted."""

    numbers: Floats

    def quantile(self, share: float) -> float:
        """The number at that place."""
        last = len(self.numbers) - 1
        beyond = int(min(share, 1 - share) * len(self.numbers))
        return float(self.numbers[beyond if share < 0.5 else last - beyond])

    @property
    def size(self) -> int:
        """How many numbers there are."""
        return len(self.numbers)

    def between(self, edges: Floats) -> Floats:
        """Counted."""
        ends = self.numbers.searchsorted(edges, "right")
        ends[0] = self.numbers.searchsorted(edges[0])
        return np.diff(ends).astype(np.float64)


@dataclass(frozen=True)
class OfCells:
    """Counts in cells, in which numbers are taken to be spread evenly."""

    points: Floats
    """The least number, edges, the greatest number."""
    up_to: Floats
    """Share of the numbers up to each point."""
    size: int

    def quantile(self, share: float) -> float:
        """Between the edges of a cell."""
        return float(np.interp(share, self.up_to, self.points))

    def between(self, edges: Floats) -> Floats:
        """Parts of cells."""
        ends = np.interp(edges, self.points, self.up_to)
        ends[0] = np.interp(np.nextafter(edges[0], -np.inf), self.points, self.up_to, left=0.0)
        return np.diff(ends) * self.size


def spread_of(numbers: Floats | None, counts: NumberCounts) -> Spread:
    """How numbers are spread.

    Args:
        numbers: sorted, infinite ones included; none: they are only counted.
        counts: of them, one at least that is finite.
    """
    if numbers is not None:
        return OfRows(finite(numbers))
    edges, low, high = np.array(counts.edges), counts.low or 0.0, counts.high or 0.0
    inside = (edges >= low) & (edges < high)
    up_to = np.cumsum(counts.counts[:-1])[inside] / counts.count
    below = np.nextafter(low, -np.inf)
    return OfCells(
        np.concatenate([[below], edges[inside], [high]]),
        np.concatenate([[0.0], up_to, [1.0]]),
        counts.count,
    )
