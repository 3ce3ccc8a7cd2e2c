"""Errors of a regression by groups of a column's values."""

from __future__ import annotations

import pyarrow as pa

from modelyard import errors
from modelyard.analysis.grouping import grouped
from modelyard.evaluations.looking.types import ColumnResiduals
from modelyard.evaluations.regression import look_at_errors
from modelyard.evaluations.sample import Sample
from modelyard.evaluations.scored import numbers

COUNTED = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal)


def residuals_by(sample: Sample, name: str) -> ColumnResiduals:
    """Mean and spread of the errors in each group.

    Raises:
        Invalid: there is no such column.
        Unsupported: the model predicts classes.
    """
    evaluation = sample.evaluation
    if evaluation.prediction_type != "regression":
        raise errors.Unsupported(
            "residuals are of predicted numbers, and the model predicts classes; "
            "`evaluations slices` tells its metrics by group"
        )
    column = sample.column(name)
    values = numbers(column) if any(fits(column.type) for fits in COUNTED) else None
    found = look_at_errors(evaluation, sample.scored()).residuals(grouped(column), values)
    return ColumnResiduals(**dict(found), evaluation=evaluation.id, column=name)
