"""The rows that an evaluation kept for being compared, and what each column of them is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from modelyard import errors
from modelyard.evaluations.scored import names_of_probabilities
from modelyard.evaluations.storing.types import Part
from modelyard.evaluations.types import Evaluation
from modelyard.kernel.context import Context
from modelyard.runtime.types import Label

BATCH = 65_536


@dataclass(frozen=True)
class KeptRows:
    """A Parquet file of scored rows.

    Args:
        parquet: the file.
        features: what the version takes; without one, all columns that are none of the following.
        truth: the column that holds it; none: it is not known.
        prediction: the column that holds labels or numbers; none: nothing was predicted.
        probabilities: a column per class, in the order of the classes; empty: there are none.
        weights: the column that holds them; none: all rows weigh the same.
        classes: of the version, in order; empty: numbers are predicted.
    """

    parquet: pq.ParquetFile
    features: tuple[str, ...]
    truth: str | None
    prediction: str | None
    probabilities: tuple[str, ...]
    weights: str | None
    classes: tuple[Label, ...]

    @property
    def rows(self) -> int:
        """How many there are."""
        count: int = self.parquet.metadata.num_rows
        return count

    @property
    def schema(self) -> pa.Schema:
        """All columns."""
        return self.parquet.schema_arrow

    def batches(
        self, columns: Sequence[str] | None = None, rows: int = BATCH
    ) -> Iterator[pa.RecordBatch]:
        """Read the columns, so many rows at a time."""
        yield from self.parquet.iter_batches(
            batch_size=rows, columns=None if columns is None else list(columns)
        )

    def read(self, columns: Sequence[str]) -> pa.Table:
        """Read columns as a whole."""
        return self.parquet.read(columns=list(columns))


def digest_of_part(evaluation: Evaluation, part: Part) -> str | None:
    """The file that holds the rows; none: the evaluation keeps no such rows."""
    if part == "reference":
        return evaluation.reference_sample
    return (evaluation.drift_sample if part == "drift" else None) or evaluation.sample


@contextmanager
def open_kept(context: Context, evaluation: Evaluation, part: Part = "drift") -> Iterator[KeptRows]:
    """Open rows that an evaluation kept.

    Raises:
        Unsupported: it keeps none.
    """
    digest = digest_of_part(evaluation, part)
    if digest is None:
        raise errors.Unsupported(f"the evaluation {evaluation.id} keeps no rows")
    with context.artifacts.open(digest) as file:
        yield kept_rows(evaluation, pq.ParquetFile(file))


def kept_rows(evaluation: Evaluation, parquet: pq.ParquetFile) -> KeptRows:
    """What each column of a file of an evaluation's rows is."""
    names = parquet.schema_arrow.names
    prediction = evaluation.prediction_column
    if prediction not in names:
        prediction = None
    probabilities = () if prediction is None else tuple(names_of_probabilities(names))
    truth, weights = (
        name if name in names else None
        for name in (evaluation.truth_column, evaluation.weights_column)
    )
    features = evaluation.features
    if not features:
        own = names if prediction is None else names[: names.index(prediction)]
        features = tuple(own)
    told = {truth, prediction, weights, *probabilities}
    return KeptRows(
        parquet=parquet,
        features=tuple(name for name in features if name in names and name not in told),
        truth=truth,
        prediction=prediction,
        probabilities=probabilities,
        weights=weights,
        classes=evaluation.classes,
    )
