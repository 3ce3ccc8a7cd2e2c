"""One column of both sides, as drift tests are given it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from modelyard.analysis.arrays import Floats
from modelyard.analysis.drift.bins import Bins, bins_of
from modelyard.analysis.drift.chunks import Chunks
from modelyard.analysis.drift.profile_types import ColumnProfile
from modelyard.analysis.drift.profiles import Counting
from modelyard.analysis.drift.types import ColumnKind


@dataclass(frozen=True)
class Compared:
    """Both sides of a column, counted in the same cells; and its sorted numbers, of rows."""

    reference: ColumnProfile
    current: ColumnProfile
    bins: Bins
    reference_numbers: Floats | None = field(default=None, repr=False)
    """Sorted, infinite ones included; none: only profiles are known."""
    current_numbers: Floats | None = field(default=None, repr=False)

    @classmethod
    def of(cls, reference: Counting | ColumnProfile, current: Counting, ranges: int) -> Compared:
        """Count the current side like the reference, which is rows or a stored profile.

        `ranges` is the number of bins of numeric columns.
        """
        old = new = None
        if isinstance(reference, Counting):
            if current.kind != "categorical":
                old, new = reference.sorted(), current.sorted()
            reference = reference.profile()
        later = current.profile(reference)
        return cls(reference, later, bins_of(reference, later, ranges), old, new)

    def without_numbers(self) -> Compared:
        """The same without the numbers of rows."""
        return replace(self, reference_numbers=None, current_numbers=None)

    @property
    def kind(self) -> ColumnKind:
        """How the column is looked at."""
        return self.reference.kind

    @cached_property
    def edges(self) -> Floats:
        """Edges of the cells of numbers."""
        return np.array(self.reference.numbers.edges if self.reference.numbers else (), float)

    @cached_property
    def finite_up_to(self) -> tuple[Floats, Floats]:
        """Of both sides, how many finite numbers there are up to each edge."""
        sides = (self.reference.numbers, self.current.numbers)
        old, new = (np.cumsum(side.counts[:-1]) if side else self.edges for side in sides)
        return old, new


@dataclass(frozen=True)
class Measured:
    """What a test found; no statistic: the reason why."""

    statistic: float | None = None
    p_value: float | None = None
    exact: bool = True
    reason: str | None = None
    note: str | None = None


@dataclass(frozen=True)
class DriftTest:
    """A way to tell how far a column moved, for `kinds` of columns.

    `function` says how far, by a number that is zero for equal sides and grows. `chance` says
    which statistic all but the allowed share of chunks of the reference stay below; where there
    is no such function, the threshold alone counts.
    """

    name: str
    title: str
    label: str
    """The statistic in a sentence."""
    kinds: frozenset[ColumnKind]
    threshold: float
    """The least statistic that matters, whatever its p-value."""
    description: str
    function: Callable[[Compared], Measured]
    chance: Callable[[Compared, Chunks], float] | None = None
