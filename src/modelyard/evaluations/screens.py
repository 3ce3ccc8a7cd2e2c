"""What is computed anew from the kept rows: another threshold, slices."""

from __future__ import annotations

from typing import Any

from modelyard import errors
from modelyard.analysis.group_types import Slices
from modelyard.analysis.grouping import grouped
from modelyard.analysis.slices import binary_slices, multiclass_slices, regression_slices
from modelyard.evaluations.binary import look
from modelyard.evaluations.multiclass import look_at_classes
from modelyard.evaluations.regression import look_at_errors
from modelyard.evaluations.sample import open_sample
from modelyard.evaluations.types import Evaluation
from modelyard.kernel.context import Context


def confusion_at(context: Context, evaluation: Evaluation, threshold: float) -> dict[str, Any]:
    """Cells and metrics at a threshold.

    Raises:
        Invalid: the evaluation has no threshold.
    """
    if evaluation.threshold is None:
        raise errors.Invalid(
            "the evaluation has no threshold: it takes a binary model that gives probabilities"
        )
    with open_sample(context, evaluation) as sample:
        binary, _ = look(evaluation, sample.scored())
    return binary.at(threshold).model_dump(mode="json")


def slices_by(context: Context, evaluation: Evaluation, column: str) -> Slices:
    """Metrics of each subgroup of a column.

    Raises:
        Invalid: there is no such column, or it holds lists or the like.
        Unsupported: nothing can be told of this prediction type.
    """
    with open_sample(context, evaluation) as sample:
        grouping = grouped(sample.column(column))
        scored = sample.scored()
    if evaluation.prediction_type == "binary_classification":
        binary, _ = look(evaluation, scored)
        return binary_slices(column, grouping, binary, sample.threshold)
    if evaluation.prediction_type == "multiclass":
        return multiclass_slices(column, grouping, look_at_classes(evaluation, scored))
    return regression_slices(column, grouping, look_at_errors(evaluation, scored))
