"""Output rows: kept input columns, predictions, the model's metadata, in one schema."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from modelyard import errors
from modelyard.runtime.types import Reject
from modelyard.scoring.columns import PERCENTILE, PROBABILITY, without_clashes


class OutputRows:
    """Joins what came out of chunks to what is kept of them.

    The first chunk that has predictions settles the schema; later ones must fit it.

    Args:
        kept: input columns to keep, in order.
        probabilities: write the columns `proba_<class>` of restructured predictions.
        percentile: write the percentile of the last class's probability.
        stamps: further columns that hold one value in all rows.
    """

    def __init__(
        self,
        kept: Sequence[str],
        *,
        probabilities: bool = True,
        percentile: bool = False,
        stamps: Mapping[str, pa.Scalar] | None = None,
    ) -> None:
        self._kept = list(kept)
        self._probabilities = probabilities
        self._percentile = percentile
        self._stamps = stamps or {}
        self._predicted: pa.Schema | None = None
        self.renamed: dict[str, str] = {}
        """Kept columns that are written under another name, because predictions have theirs."""

    def join(
        self, table: pa.Table, predictions: pa.Table, rejects: Sequence[Reject] = ()
    ) -> pa.Table:
        """Join a chunk and its predictions, leaving out the rows that were refused.

        The percentile's column holds the probability itself, to be ranked when all are known.

        Raises:
            Failed: the predictions are not like those before, or not as many as rows.
            Unsupported: a percentile is wanted of a model that gives no probabilities.
        """
        predictions = self._fitting(predictions)
        kept = table.select(self._kept)
        if rejects:
            stays = np.ones(table.num_rows, bool)
            stays[[reject.row for reject in rejects]] = False
            kept = kept.filter(pa.array(stays))
        rows = table.num_rows - len(rejects)
        if predictions.num_rows != rows:
            raise errors.Failed(f"the model returned {predictions.num_rows} rows for {rows}")
        added = {
            name: predictions[name]
            for name in predictions.column_names
            if self._probabilities or not name.startswith(PROBABILITY)
        }
        if self._percentile:
            added[PERCENTILE] = _last_probability(predictions)
        added |= {name: pa.repeat(value, rows) for name, value in self._stamps.items()}
        names = without_clashes(self._kept, list(added))
        self.renamed = {name: new for name, new in names.items() if name != new}
        return pa.table([*kept.columns, *added.values()], names=[*names.values(), *added])

    def _fitting(self, predictions: pa.Table) -> pa.Table:
        if self._predicted is None:
            self._predicted = predictions.schema
        if predictions.column_names != self._predicted.names:
            raise errors.Failed(
                f"the model returned the columns {predictions.column_names} after "
                f"{self._predicted.names} for rows before; it must return the same for all rows"
            )
        columns = []
        for field in self._predicted:
            try:
                columns.append(predictions[field.name].cast(field.type))
            except pa.ArrowException as exc:
                raise errors.Failed(
                    f"the model returned {predictions[field.name].type} in column {field.name!r} "
                    f"after {field.type} for rows before, and one cannot be written as the other: "
                    f"{exc}"
                ) from exc
        return pa.table(columns, schema=self._predicted)


def _last_probability(predictions: pa.Table) -> pa.ChunkedArray:
    name = predictions.column_names[-1]
    if not name.startswith(PROBABILITY):
        raise errors.Unsupported("the model gives no probabilities, so they cannot be ranked")
    return predictions[name].cast(pa.float64())
