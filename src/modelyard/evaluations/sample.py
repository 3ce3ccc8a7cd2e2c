"""The rows that an evaluation kept, read column by column."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from modelyard import errors
from modelyard.analysis.arrays import Bools, Ints
from modelyard.data.access import read_filter, require_columns
from modelyard.evaluations.binary import BETWEEN_LABELS
from modelyard.evaluations.scored import PREDICTION, Scored, read_scored
from modelyard.evaluations.types import Evaluation
from modelyard.kernel.context import Context


class Sample:
    """The rows of an evaluation whose truth is known."""

    def __init__(self, evaluation: Evaluation, file: BinaryIO) -> None:
        self.evaluation = evaluation
        self.parquet = pq.ParquetFile(file)
        self._file = file
        self._scored: Scored | None = None

    @property
    def threshold(self) -> float:
        """From which score on the positive class is predicted."""
        given = self.evaluation.threshold
        return BETWEEN_LABELS if given is None else given

    def require(self, name: str) -> None:
        """Refuse a column whose values make no groups.

        Raises:
            Invalid: there is none of this name, or it holds lists or the like.
        """
        schema = self.parquet.schema_arrow
        require_columns([name], schema.names, f"the sample of evaluation {self.evaluation.id}")
        if schema.field(name).type.num_fields:
            raise errors.Invalid(
                f"column {name!r} holds {schema.field(name).type}; groups are of single values"
            )

    def column(self, name: str) -> pa.ChunkedArray:
        """A column whose values make groups; raises as `require` does."""
        self.require(name)
        return self.parquet.read(columns=[name])[name]

    def features(self) -> tuple[str, ...]:
        """Columns of the dataset with single values, but for truth and weights."""
        schema = self.parquet.schema_arrow
        own = schema.names[: schema.names.index(PREDICTION)]
        told = {self.evaluation.truth_column, self.evaluation.weights_column}
        return tuple(
            name for name in own if name not in told and not schema.field(name).type.num_fields
        )

    def matching(self, text: str) -> Bools:
        """Which rows a filter holds for.

        Raises:
            Invalid: it is none, or does not fit the columns.
        """
        where = f"the sample of evaluation {self.evaluation.id}"
        found = read_filter(text, self.parquet.schema_arrow, where)
        names = list(found.columns)
        batches = self.parquet.iter_batches(columns=names)
        return found.mask(batch.select(names) for batch in batches)

    def rows(self, places: Ints) -> pa.Table:
        """Some rows with all their columns, in the order of their places; read in pieces."""
        wanted = np.sort(places)
        found: list[pa.RecordBatch] = []
        start = 0
        for group in range(self.parquet.num_row_groups):
            end = start + self.parquet.metadata.row_group(group).num_rows
            if not _between(wanted, start, end).size:
                start = end
                continue
            for batch in self.parquet.iter_batches(row_groups=[group]):
                here = _between(wanted, start, start + batch.num_rows)
                if here.size:
                    found.append(batch.take(pa.array(here - start)))
                start += batch.num_rows
        table = pa.Table.from_batches(found, self.parquet.schema_arrow)
        return table.take(pa.array(np.searchsorted(wanted, places)))

    def scored(self) -> Scored:
        """Truth, prediction, probabilities and weights; read once."""
        if self._scored is None:
            self._file.seek(0)
            found = self.evaluation
            truth = found.truth_column or ""
            self._scored = read_scored(self._file, truth, found.weights_column, found.classes)
        return self._scored


@contextmanager
def open_sample(context: Context, evaluation: Evaluation) -> Iterator[Sample]:
    """Open the rows of an evaluation.

    Raises:
        Unsupported: the truth of its rows is not known.
    """
    if evaluation.truth_column is None or evaluation.sample is None:
        raise errors.Unsupported(evaluation.no_metrics or "the evaluation has no truth")
    with context.artifacts.open(evaluation.sample) as file:
        yield Sample(evaluation, file)


def _between(rising: Ints, start: int, end: int) -> Ints:
    """Those from start on that are less than end."""
    first, last = np.searchsorted(rising, (start, end))
    return rising[first:last]
