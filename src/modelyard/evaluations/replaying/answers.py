"""What two versions answered to the same rows, as arrays in the order of the rows."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from modelyard.analysis.arrays import Bools, Floats, Ints
from modelyard.analysis.labels import coded
from modelyard.evaluations.scored import PREDICTION, names_of_probabilities, numbers
from modelyard.runtime.types import Label


@dataclass(frozen=True)
class Answered:
    """The answers of a version.

    Args:
        file: its predictions, without the rows that it refused.
        rows: how many it was asked with.
        classes: of the version, in order; empty: it answers numbers.
        refusals: the rows that it refused, by place, with the reason.
    """

    file: Path
    rows: int
    classes: tuple[Label, ...]
    refusals: dict[int, str] = field(default_factory=dict)

    @property
    def there(self) -> Bools:
        """Which rows it did not refuse."""
        found = np.ones(self.rows, bool)
        found[list(self.refusals)] = False
        return found

    @cached_property
    def named(self) -> dict[str, str]:
        """The columns of probabilities by their classes; empty: it gives none."""
        found = names_of_probabilities(pq.read_schema(self.file).names)
        return dict(zip(map(str, self.classes), found, strict=False))

    def numbers(self) -> Floats:
        """The predicted numbers; NaN where there is none."""
        return self._spread(numbers(self._column(PREDICTION)))

    def codes(self) -> Ints:
        """Positions of the predicted classes among its own; -1 where there is none."""
        found = np.full(self.rows, -1, np.int64)
        found[self.there] = coded(self._column(PREDICTION), self.classes).codes
        return found

    def probabilities(self, label: str) -> Floats:
        """Those of a class, NaN where there are none; 0 of a class that it does not know."""
        if label not in self.named:
            return np.zeros(self.rows)
        return self._spread(numbers(self._column(self.named[label])))

    def _spread(self, values: Floats) -> Floats:
        found = np.full(self.rows, np.nan)
        found[self.there] = values
        return found

    def _column(self, name: str) -> pa.ChunkedArray:
        return pq.read_table(self.file, columns=[name])[name]


def read_refusals(file: Path) -> dict[int, str]:
    """The refused rows of a scoring: their places and why."""
    with file.open(encoding="utf-8") as lines:
        return {each["row"]: each["reason"] for each in map(json.loads, lines)}
