"""What is kept of a column, to compare others with it."""

from __future__ import annotations

import math

from pydantic import Field

from modelyard.analysis.drift.reading import Family
from modelyard.analysis.drift.types import ColumnKind
from modelyard.analysis.types import Numbers
from modelyard.kernel.values import Value


class NumberCounts(Value):
    """Numbers in cells, and their moments; infinite ones are counted apart."""

    count: int = Field(description="of finite numbers")
    negative_infinite: int = 0
    positive_infinite: int = 0
    mean: float | None = Field(default=None, description="none: there are no numbers, or too large")
    squares: float | None = Field(default=None, description="sum of squared deviations from it")
    low: float | None = None
    high: float | None = None
    edges: Numbers = Field(
        default=(), description="rising; a cell goes up to its edge and includes it"
    )
    counts: tuple[int, ...] = Field(
        default=(0,), description="by cell; the last is of numbers above all edges"
    )
    below: float | None = Field(default=0.0, description="sum of the numbers in the first cell")
    above: float | None = Field(default=0.0, description="sum of the numbers in the last cell")

    @property
    def std(self) -> float | None:
        """The standard deviation of the numbers themselves."""
        return None if self.squares is None else math.sqrt(self.squares / self.count)

    @property
    def whole(self) -> int:
        """Numbers, infinite ones included."""
        return self.count + self.negative_infinite + self.positive_infinite


class CategoryCounts(Value):
    """How often each category occurs."""

    values: tuple[str, ...] = Field(
        default=(), description="those of the reference first, in its order: the commonest first"
    )
    counts: tuple[int, ...] = ()
    others: int = Field(default=0, description="rows of categories whose counts are not kept")
    distinct: int = Field(default=0, description="categories there are, at least")
    once: int = Field(default=0, description="categories that one row holds")
    twice: int = Field(default=0, description="categories that two rows hold")


class ColumnProfile(Value):
    """A column, as far as drift needs it."""

    name: str
    kind: ColumnKind = Field(description="how it was looked at; of text, lengths are counted")
    found: ColumnKind | None = Field(description="how it would be looked at; none: not at all")
    family: Family = Field(description="what its type holds")
    type: str = Field(description="of Arrow")
    rows: int
    missing: int = Field(description="of the rows; NaN included")
    numbers: NumberCounts | None = None
    categories: CategoryCounts | None = None


class PredictionProfile(Value):
    """The predictions of a side, as far as drift needs them."""

    classes: ColumnProfile | None = Field(default=None, description="with the threshold applied")
    probabilities: dict[str, ColumnProfile] = Field(default={}, description="by class")
    numbers: ColumnProfile | None = Field(default=None, description="of a regression")

    @property
    def what(self) -> str:
        """What is predicted, in a sentence."""
        if self.numbers is not None:
            return "numbers"
        return "nothing" if self.classes is None else "classes"
