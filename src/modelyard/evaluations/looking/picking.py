"""The rows of an evaluation on which the model is worst, or best."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from modelyard.analysis.arrays import Ints
from modelyard.analysis.multiclass import Multiclass
from modelyard.analysis.regression import Regression
from modelyard.data.json_cells import json_rows
from modelyard.evaluations.looking.commands import ShowRows
from modelyard.evaluations.looking.losing import RowLosses, losses_of
from modelyard.evaluations.looking.types import EvaluatedRow, EvaluatedRows
from modelyard.evaluations.sample import Sample
from modelyard.runtime.types import Row

Facts = dict[str, Any]


def pick_rows(sample: Sample, asked: ShowRows) -> EvaluatedRows:
    """Look at the losses of all rows, and read those rows that lose most or least.

    Raises:
        Invalid: the prediction type has no such loss.
        Unsupported: the loss cannot be computed of what the model answers.
    """
    is_regression = sample.evaluation.prediction_type == "regression"
    losses = losses_of(sample, asked.metric or ("mae" if is_regression else None))
    signed = -losses.values if asked.order == "worst" else losses.values
    some = np.argsort(signed, kind="stable")
    if asked.where is not None:
        matching = sample.matching(asked.where)
        some = some[matching[some] if losses.used is None else matching[losses.used][some]]
    found, some = len(some), some[: asked.first]
    came = some if losses.used is None else np.flatnonzero(losses.used)[some]
    rows = zip(
        came.tolist(), losses.values[some].tolist(), _facts(sample, losses, some), strict=True
    )
    values = json_rows(sample.rows(came))
    return EvaluatedRows(
        evaluation=sample.evaluation.id,
        order=asked.order,
        metric=losses.code,
        used=found,
        rows=tuple(
            EvaluatedRow(row=row, loss=loss, **facts, values=Row(cells))
            for (row, loss, facts), cells in zip(rows, values, strict=True)
        ),
    )


def _facts(sample: Sample, losses: RowLosses, some: Ints) -> Iterator[Facts]:
    rows, evaluation = losses.rows, sample.evaluation
    if isinstance(rows, Regression):
        return _of_errors(rows, some)
    if isinstance(rows, Multiclass):
        return _of_labels(evaluation.classes, rows.truth[some], rows.predicted[some])
    positive = evaluation.positive
    negative = next(label for label in evaluation.classes if label != positive)
    predicted = rows.rows.score[some] >= sample.threshold
    return _of_labels((negative, positive), rows.rows.truth[some], predicted)


def _of_labels(labels: Any, truth: Any, predicted: Any) -> Iterator[Facts]:
    for true, answer in zip(truth.astype(int), predicted.astype(int), strict=True):
        yield {
            "truth": labels[true],
            "predicted": labels[answer],
            "prediction_correct": bool(true == answer),
        }


def _of_errors(rows: Regression, some: Ints) -> Iterator[Facts]:
    by_row = {name: values[some].tolist() for name, values in rows.errors_by_row().items()}
    for at, row in enumerate(some):
        relative = by_row["relative_error"][at]
        yield {
            "truth": float(rows.truth[row]),
            "predicted": float(rows.predicted[row]),
            "error": by_row["error"][at],
            "absolute_error": abs(by_row["error"][at]),
            "relative_error": relative if math.isfinite(relative) else None,
            "error_decile": by_row["error_decile"][at],
            "abs_error_decile": by_row["abs_error_decile"][at],
        }
