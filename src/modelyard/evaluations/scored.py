"""The scored rows of an evaluation: truth, prediction, probabilities and weights as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from modelyard.analysis.arrays import Bools, Floats, Ints
from modelyard.analysis.labels import coded
from modelyard.runtime.types import Label

PREDICTION, PROBABILITY = "prediction", "proba_"


@dataclass(frozen=True)
class Scored:
    """What is known of each scored row.

    Args:
        truth_column: where the truth is in the sample.
        weights_column: where the weights are in it.
        truth: of classifiers the positions of the labels among the classes, -1 where they are
            missing; of regressions numbers, NaN where they are missing.
        predicted: what the version answered, in the same way.
        probabilities: a column per class of the version, in their order; none: it gives none.
        weights: of each row; none: all are 1.
    """

    truth_column: str
    weights_column: str | None
    truth: Ints | Floats
    predicted: Ints | Floats
    probabilities: Floats | None
    weights: Floats | None

    def weight_of_classes(self, classes: int) -> tuple[float, ...]:
        """The weight of the rows of each true class; of none where there are no classes."""
        if not classes:
            return ()
        known = self.truth >= 0
        weights = None if self.weights is None else np.nan_to_num(self.weights[known])
        counted = np.bincount(self.truth[known].astype(np.int64), weights, classes)
        return tuple(map(float, counted))

    def part(self, rows: Bools | Ints) -> Scored:
        """Some of the rows."""
        return replace(
            self,
            truth=self.truth[rows],
            predicted=self.predicted[rows],
            probabilities=None if self.probabilities is None else self.probabilities[rows],
            weights=None if self.weights is None else self.weights[rows],
        )


def names_in_sample(columns: Sequence[str], file: Path) -> dict[str, str]:
    """What the columns of a dataset are called in its scored sample.

    They come first and in their order, also where predictions took their names.
    """
    return dict(zip(columns, pq.read_schema(file).names, strict=False))


def read_scored(
    file: Path | BinaryIO, truth: str, weights: str | None, classes: tuple[Label, ...]
) -> Scored:
    """Read the columns that matter of a scored sample.

    Args:
        file: a Parquet file.
        truth: the column that holds it.
        weights: the column that holds them.
        classes: of the version, in order; none: it answers numbers.
    """
    parquet = pq.ParquetFile(file)
    names = parquet.schema_arrow.names
    probabilities = names_of_probabilities(names)
    wanted = [name for name in (truth, weights) if name is not None]
    table = parquet.read(columns=[*dict.fromkeys(wanted), PREDICTION, *probabilities])
    matrix = None
    if probabilities:
        matrix = np.column_stack([numbers(table[name]) for name in probabilities])

    def values(name: str) -> Ints | Floats:
        return coded(table[name], classes).codes if classes else numbers(table[name])

    return Scored(
        truth_column=truth,
        weights_column=weights,
        truth=values(truth),
        predicted=values(PREDICTION),
        probabilities=matrix,
        weights=None if weights is None else numbers(table[weights]),
    )


def names_of_probabilities(names: list[str]) -> list[str]:
    """Those columns of a scored sample that hold probabilities, in the order of the classes."""
    after = names[names.index(PREDICTION) :]
    return [name for name in after if name.startswith(PROBABILITY)]


def numbers(column: pa.ChunkedArray) -> Floats:
    """A column as numbers, NaN where they are missing."""
    found: Any = pc.cast(column, pa.float64(), safe=False)
    return np.asarray(found.to_numpy(), np.float64)
