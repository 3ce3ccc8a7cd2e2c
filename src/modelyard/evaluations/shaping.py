"""Rows that were scored before, brought into the form in which scoring writes them."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from modelyard.analysis.arrays import Bools
from modelyard.data.access import Source, open_target
from modelyard.evaluations.scored import PREDICTION, PROBABILITY, numbers
from modelyard.kernel.context import Context
from modelyard.runtime.types import Label
from modelyard.scoring.columns import without_clashes

BATCH = 65_536


@dataclass(frozen=True)
class Columns:
    """Where predictions are in a dataset.

    Args:
        prediction: the column that holds them; none: the likeliest class is predicted, where there
            are probabilities.
        probabilities: a column per class, in the order of the classes.
    """

    prediction: str | None
    probabilities: tuple[str, ...]

    @property
    def predicts(self) -> bool:
        """Whether anything was predicted."""
        return self.prediction is not None or bool(self.probabilities)

    def beside(self, names: Sequence[str]) -> list[str]:
        """The other columns, in their order."""
        return [name for name in names if name not in {self.prediction, *self.probabilities}]

    def names(self, columns: Sequence[str], classes: Sequence[Label]) -> dict[str, str]:
        """What the columns of a dataset are called in the sample."""
        added = {f"{PROBABILITY}{each}": None for each in classes} if self.probabilities else {}
        taken = [*([PREDICTION] if self.predicts else []), *added]
        own = {} if self.prediction is None else {self.prediction: PREDICTION}
        return {
            **without_clashes(self.beside(columns), taken),
            **own,
            **dict(zip(self.probabilities, added, strict=True)),
        }


def shape(
    context: Context,
    project: str,
    source: Source,
    columns: Columns,
    classes: Sequence[Label],
    place: str,
) -> int:
    """Write the sample: columns of the dataset, then `prediction`, then `proba_<class>`.

    Args:
        context: the workspace.
        project: key of the project.
        source: the rows; where a column of predictions is missing, it is not written.
        columns: where predictions are in it.
        classes: in their order.
        place: where it is written, among the project's files.

    Returns:
        The number of rows.
    """
    there = Columns(
        columns.prediction if columns.prediction in source.schema.names else None,
        columns.probabilities if {*columns.probabilities} <= {*source.schema.names} else (),
    )
    rows, target = 0, None
    try:
        for batch in _shaped(source, there, classes):
            if target is None:
                token = secrets.token_hex(16)
                target = open_target(context, project, place, batch.schema, token=token)
            target.write(batch)
            rows += batch.num_rows
            context.progress("reading what was predicted", rows=rows)
        if target is not None:
            target.commit()
    finally:
        if target is not None:
            target.abort()
    return rows


def _shaped(source: Source, columns: Columns, classes: Sequence[Label]) -> Iterator[pa.RecordBatch]:
    """Batches as they are written; one without rows where there are none."""
    names = columns.names(source.schema.names, classes)
    beside = columns.beside(source.schema.names)
    empty = True
    for batch in source.batches(rows=BATCH):
        empty = False
        yield _one(batch, columns, beside, names, classes)
    if empty:
        yield _one(pa.RecordBatch.from_pylist([], source.schema), columns, beside, names, classes)


def _one(
    batch: pa.RecordBatch,
    columns: Columns,
    beside: Sequence[str],
    names: dict[str, str],
    classes: Sequence[Label],
) -> pa.RecordBatch:
    made = {names[name]: batch.column(name) for name in beside}
    if columns.prediction is not None:
        made[PREDICTION] = batch.column(columns.prediction)
    elif columns.probabilities:
        made[PREDICTION] = _likeliest(batch, columns.probabilities, classes)
    for name in columns.probabilities:
        made[names[name]] = batch.column(name)
    return pa.RecordBatch.from_pydict(made)


def _likeliest(batch: pa.RecordBatch, names: Sequence[str], classes: Sequence[Label]) -> pa.Array:
    """The class of the largest probability, of equal ones the last; null where one is missing."""
    columns = (pa.chunked_array([batch.column(name)]) for name in reversed(names))
    matrix = np.column_stack([numbers(column) for column in columns])
    known: Bools = np.isfinite(matrix.sum(axis=1))
    place = len(names) - 1 - np.argmax(np.where(known[:, None], matrix, 0), axis=1)
    return array_of(classes).take(pa.array(place, mask=~known))


def array_of(classes: Sequence[Label]) -> pa.Array:
    """Classes as a column: as texts where they are not all of one type."""
    same = len({type(each) for each in classes}) == 1
    return pa.array(list(classes) if same else [str(each) for each in classes])
