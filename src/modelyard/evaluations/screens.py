"""What is computed anew from the kept rows: another threshold, slices."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

import pyarrow.parquet as pq

from modelyard import errors
from modelyard.analysis.group_types import Slices
from modelyard.analysis.grouping import grouped
from modelyard.analysis.slices import binary_slices, multiclass_slices, regression_slices
from modelyard.data.access import require_columns
from modelyard.evaluations.binary import look
from modelyard.evaluations.multiclass import look_at_classes
from modelyard.evaluations.regression import look_at_errors
from modelyard.evaluations.scored import Scored, read_scored
from modelyard.evaluations.types import Evaluation
from modelyard.kernel.context import Context

HALF = 0.5
"""The threshold of scores that are 1 for the positive label and else 0."""


def confusion_at(context: Context, evaluation: Evaluation, threshold: float) -> dict[str, Any]:
    """Cells and metrics at a threshold.

    Raises:
        Invalid: the evaluation has no threshold.
    """
    if evaluation.threshold is None:
        raise errors.Invalid(
            "the evaluation has no threshold: it takes a binary model that gives probabilities"
        )
    with _sample(context, evaluation) as file:
        binary, _ = look(evaluation, _scored(file, evaluation))
    return binary.at(threshold).model_dump(mode="json")


def slices_by(context: Context, evaluation: Evaluation, column: str) -> Slices:
    """Metrics of each subgroup of a column.

    Raises:
        Invalid: there is no such column, or it holds lists or the like.
        Unsupported: nothing can be told of this prediction type.
    """
    with _sample(context, evaluation) as file:
        schema = pq.read_schema(file)
        require_columns([column], schema.names, f"the rows of evaluation {evaluation.id}")
        if schema.field(column).type.num_fields:
            raise errors.Invalid(
                f"column {column!r} holds {schema.field(column).type}; slices are by single values"
            )
        file.seek(0)
        grouping = grouped(pq.read_table(file, columns=[column])[column])
        file.seek(0)
        scored = _scored(file, evaluation)
    if evaluation.prediction_type == "binary_classification":
        binary, _ = look(evaluation, scored)
        threshold = HALF if evaluation.threshold is None else evaluation.threshold
        return binary_slices(column, grouping, binary, threshold)
    if evaluation.prediction_type == "multiclass":
        return multiclass_slices(column, grouping, look_at_classes(evaluation, scored))
    return regression_slices(column, grouping, look_at_errors(evaluation, scored))


@contextmanager
def _sample(context: Context, evaluation: Evaluation) -> Iterator[BinaryIO]:
    if evaluation.truth_column is None:
        raise errors.Unsupported(evaluation.no_metrics or "the evaluation has no truth")
    with context.artifacts.open(evaluation.sample) as file:
        yield file


def _scored(file: BinaryIO, evaluation: Evaluation) -> Scored:
    return read_scored(file, evaluation.truth_column or "", evaluation.weights_column)
