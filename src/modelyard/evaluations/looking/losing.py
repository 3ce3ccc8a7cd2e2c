"""What each row of an evaluation loses."""

from __future__ import annotations

from dataclasses import dataclass

from modelyard import errors
from modelyard.analysis.arrays import Bools, Floats
from modelyard.analysis.binary import Binary
from modelyard.analysis.losses import (
    Losses,
    binary_losses,
    multiclass_losses,
    regression_losses,
)
from modelyard.analysis.multiclass import Multiclass
from modelyard.analysis.regression import Regression
from modelyard.evaluations.binary import look
from modelyard.evaluations.looking.types import LOSSES_OF, Loss
from modelyard.evaluations.multiclass import look_at_classes
from modelyard.evaluations.regression import look_at_errors
from modelyard.evaluations.sample import Sample
from modelyard.evaluations.scored import Scored
from modelyard.evaluations.types import Evaluation, View


@dataclass(frozen=True)
class RowLosses:
    """The losses of the rows that are used, and which rows these are.

    Args:
        code: of the metric that is their mean.
        rows: what is known of them.
        values: of each row.
        weights: of each row; none: all are 1.
        used: which of all rows that came; none: all of them.
    """

    code: Loss
    rows: Binary | Multiclass | Regression
    values: Floats
    weights: Floats | None
    used: Bools | None


def require_known(evaluation: Evaluation, asked: Loss | None) -> None:
    """Refuse a loss that the prediction type does not have.

    Raises:
        Invalid: it has none of this code.
    """
    known = LOSSES_OF[evaluation.prediction_type]
    if asked is not None and asked not in known:
        raise errors.Invalid(
            f"--metric {asked} is not told of the type {evaluation.prediction_type}; there are: "
            f"{', '.join(known)}"
        )


def losses_of(sample: Sample, asked: Loss | None) -> RowLosses:
    """The losses that are asked for, else those that are usual.

    Raises:
        Invalid: the prediction type has no such loss.
        Unsupported: it cannot be computed of what the model answers.
    """
    require_known(sample.evaluation, asked)
    return losses_in(sample.evaluation, sample.scored(), sample.threshold, asked)


def losses_in(view: View, scored: Scored, threshold: float, asked: Loss | None) -> RowLosses:
    """The same of any scored rows.

    Raises:
        Unsupported: it cannot be computed of what the model answers.
    """
    has_classes = view.prediction_type != "regression"
    labels_only = has_classes and scored.probabilities is None
    code = asked or ("hammingLoss" if labels_only else LOSSES_OF[view.prediction_type][0])
    if labels_only and code != "hammingLoss":
        raise errors.Unsupported(
            f"{code} takes probabilities, and what is predicted are labels; ask for hammingLoss"
        )
    rows: Binary | Multiclass | Regression
    values: Losses
    if view.prediction_type == "binary_classification":
        rows = look(view, scored)
        values, kept = binary_losses(rows, code, threshold), rows.rows.kept
    elif view.prediction_type == "multiclass":
        rows = look_at_classes(view, scored)
        values, kept = multiclass_losses(rows, code), rows.kept
    else:
        rows = look_at_errors(view, scored)
        values, kept = regression_losses(rows, code), rows.kept
    if isinstance(values, str):
        raise errors.Unsupported(f"{code} cannot be computed: {values}")
    return RowLosses(code, rows, values, kept.weights, kept.mask)
