"""Whether rows that are evaluated lie after those that the model learned from."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from modelyard import errors
from modelyard.analysis.grouping import as_numbers, number_label
from modelyard.data.access import Source, open_source, require_columns
from modelyard.evaluations.asked_types import Judging
from modelyard.evaluations.numbered import NumberedCheck, told
from modelyard.kernel.context import Context

BATCH = 65_536
MOST = 0.5
"""Share of the rows from which on an overlap is an error."""


def open_training(
    context: Context, project: str, command: Judging, source: Source
) -> Source | None:
    """The dataset that the model learned from, if it is named.

    Raises:
        NotFound, Invalid: it cannot be read, or it and the dataset do not both have a column of
            this name that holds moments, or numbers.
    """
    if command.training is None or command.time is None:
        return None
    training = open_source(context, project, command.training)
    kinds = [_kind(each, command.time) for each in (source, training)]
    if kinds[0] != kinds[1]:
        raise errors.Invalid(
            f"{command.time!r} holds {kinds[0]} in {source.name} and {kinds[1]} in {training.name}",
            field="time",
        )
    return training


def time_overlap(training: Source | None, time: str | None, file: Path, name: str) -> NumberedCheck:
    """How many rows are not newer than the newest that the model learned from.

    Args:
        training: what it learned from; none: it is not known.
        time: the column that says when a row is of.
        file: the scored rows.
        name: of the column in it.
    """
    if training is None or time is None:
        return told("E105", "not_applicable", "no training data with a column of time were named")
    batches = training.batches(rows=BATCH, columns=[time])
    newest = max(_newest(batch.column(0) for batch in batches), default=None)
    found = as_numbers(pq.read_table(file, columns=[name])[name])
    if newest is None or found is None or np.isnan(found[0]).all():
        return told("E105", "empty", f"{time!r} has no value on one of the sides")
    values, moments = found
    known = values[~np.isnan(values)]
    early = int((known <= newest).sum())
    last = number_label(newest, moments=moments)
    if not early:
        return told("E105", "ok", f"all rows are newer than the training data, which end at {last}")
    return told(
        "E105",
        "error" if early > MOST * len(known) else "warning",
        f"{early:,} of {len(known):,} rows are not newer than the training data, which end at "
        f"{last}",
    )


def _newest(columns: Iterable[pa.Array]) -> list[float]:
    """The largest value of each."""
    found = (as_numbers(each) for each in columns)
    every = (each[0][~np.isnan(each[0])] for each in found if each is not None)
    return [float(each.max()) for each in every if len(each)]


def _kind(source: Source, name: str) -> str:
    require_columns([name], source.schema.names, source.name)
    kind = source.schema.field(name).type
    if pa.types.is_temporal(kind):
        return "moments"
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return "numbers"
    raise errors.Invalid(
        f"column {name!r} of {source.name} holds {kind}, neither moments nor numbers", field="time"
    )
