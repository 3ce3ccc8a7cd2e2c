"""The rows of an evaluation, ready to be compared with those of others on the same rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from modelyard import errors
from modelyard.analysis.arrays import Bools, Ints
from modelyard.analysis.paired import binary, multiclass, regression
from modelyard.analysis.paired.binary import BinarySide, binary_estimate, paired_binary
from modelyard.analysis.paired.blocks import Blocks
from modelyard.analysis.paired.estimates import Estimate, told
from modelyard.analysis.paired.multiclass import (
    MulticlassSide,
    multiclass_estimate,
    paired_multiclass,
)
from modelyard.analysis.paired.regression import (
    RegressionSide,
    paired_regression,
    regression_estimate,
)
from modelyard.analysis.paired.types import MetricDifference, Paired
from modelyard.evaluations.binary import BETWEEN_LABELS, look
from modelyard.evaluations.multiclass import look_at_classes
from modelyard.evaluations.regression import look_at_errors
from modelyard.evaluations.sample import Sample
from modelyard.evaluations.scored import Scored
from modelyard.evaluations.types import Evaluation
from modelyard.runtime.types import PredictionType

CODES: dict[PredictionType, tuple[str, ...]] = {
    "binary_classification": binary.CODES,
    "multiclass": multiclass.CODES,
    "regression": regression.CODES,
}
"""The metrics that rows are compared by."""
Side = BinarySide | MulticlassSide | RegressionSide

OF_GAINS = ("costMatrixGain",)
OF_AVERAGING = ("precision", "recall", "f1", "averagePrecision", "mcalibrationLoss")


@dataclass(frozen=True)
class Rows:
    """What an evaluation knows of each row.

    Args:
        evaluation: whose rows they are.
        scored: all rows of its sample.
        used: which of them are used; none: all.
        side: what the model did with those that are used.
    """

    evaluation: Evaluation
    scored: Scored
    used: Bools | None
    side: Side


def rows_of(
    sample: Sample,
    threshold: float | None = None,
    blocks: Blocks | None = None,
    some: Bools | Ints | None = None,
) -> Rows:
    """Read the rows of an evaluation.

    Args:
        sample: the open file.
        threshold: from which score on the positive class is predicted; None: the evaluation's.
        blocks: those of what it is compared with; taken where there are as many rows.
        some: which rows of the sample; none: all of them.
    """
    of, scored = sample.evaluation, sample.scored()
    if some is not None:
        scored = scored.part(some)
    side: Side
    if of.prediction_type == "binary_classification":
        found = look(of, scored)
        kept, count = found.rows.kept, len(found.rows.truth)
        has_scores = scored.probabilities is not None
        cut = (sample.threshold if threshold is None else threshold) if has_scores else None
        side = BinarySide(
            found.rows,
            BETWEEN_LABELS if cut is None else cut,
            found.options,
            _fitting(blocks, count),
            has_scores=has_scores,
        )
    elif of.prediction_type == "multiclass":
        classes = look_at_classes(of, scored)
        kept = classes.kept
        side = MulticlassSide(classes, _fitting(blocks, len(classes.truth)))
    elif of.prediction_type == "regression":
        numbers = look_at_errors(of, scored)
        kept = numbers.kept
        side = RegressionSide(numbers, _fitting(blocks, len(numbers.error)))
    else:
        raise errors.Unsupported(f"{of.prediction_type} has no metrics")
    return Rows(of, scored, kept.mask, side)


def _fitting(blocks: Blocks | None, rows: int) -> Blocks:
    return blocks if blocks is not None and blocks.rows == rows else Blocks(rows)


def why_not_paired(base: Evaluation, other: Evaluation) -> str | None:
    """Why two evaluations are not on the same rows, as far as they say it themselves."""
    for each in (base, other):
        if each.kind == "custom":
            return f"{each.id} holds metrics that were computed elsewhere, and no rows"
        if each.sample is None or each.truth_column is None or not each.metrics:
            return f"{each.id} keeps no rows whose truth is known"
    return _told_otherwise(base, other) or _of_other_data(base, other)


def _told_otherwise(base: Evaluation, other: Evaluation) -> str | None:
    if base.prediction_type != other.prediction_type:
        return f"one predicts {base.prediction_type}, the other {other.prediction_type}"
    if base.prediction_type == "multiclass" and base.classes != other.classes:
        return "they know other classes, or the same in another order"
    if str(base.positive) != str(other.positive):
        return f"the positive class is {base.positive} of one and {other.positive} of the other"
    if base.target != other.target:
        return f"the truth is {base.target!r} of one and {other.target!r} of the other"
    return None


def _of_other_data(base: Evaluation, other: Evaluation) -> str | None:
    if base.fingerprint is None or other.fingerprint is None:
        return "whether their rows are the same is not known: data of one have no fingerprint"
    if base.fingerprint != other.fingerprint:
        if base.dataset == other.dataset:
            return f"{base.dataset} was changed between the two evaluations"
        return f"one is on {base.dataset}, the other on {other.dataset}"
    if base.sampling != other.sampling:
        return "other rows of the dataset were sampled for each"
    return None


def why_other_rows(base: Rows, other: Rows) -> str | None:
    """Why two evaluations are not on the same rows, as the rows show it."""
    one, two = base.scored, other.scored
    if len(one.truth) != len(two.truth):
        return f"one kept {len(one.truth):,} rows and the other {len(two.truth):,}"
    if not np.array_equal(one.truth, two.truth, equal_nan=one.truth.dtype.kind == "f"):
        return "the truth of their rows differs"
    if (one.weights is None) != (two.weights is None) or (
        one.weights is not None
        and two.weights is not None
        and not np.array_equal(one.weights, two.weights, equal_nan=True)
    ):
        return "their rows weigh differently"
    every = np.ones(len(one.truth), np.bool_)
    of_one, of_two = (every if x.used is None else x.used for x in (base, other))
    if alone := int(np.count_nonzero(of_one != of_two)):
        return f"{alone:,} rows could be used of one and not of the other"
    return None


def not_comparable(base: Evaluation, other: Evaluation) -> dict[str, str]:
    """Codes of metrics that two evaluations compute in other ways, and how."""
    found: dict[str, str] = {}
    if base.gains != other.gains:
        found |= dict.fromkeys(OF_GAINS, "the two have other cost matrices")
    if base.lift_share != other.lift_share:
        found["lift"] = (
            f"the lift is at {base.lift_share:g} of one, {other.lift_share:g} of the other"
        )
    if base.prediction_type == "multiclass" and base.averaging != other.averaging:
        reason = f"averages are {base.averaging} of one and {other.averaging} of the other"
        found |= dict.fromkeys(OF_AVERAGING, reason)
    return found


def paired(base: Rows, other: Rows, left_out: Mapping[str, str]) -> Paired:
    """What two evaluations on the same rows differ by."""
    one, two, level = base.side, other.side, base.evaluation.confidence
    if isinstance(one, BinarySide) and isinstance(two, BinarySide):
        return paired_binary(one, two, level, left_out)
    if isinstance(one, MulticlassSide) and isinstance(two, MulticlassSide):
        return paired_multiclass(one, two, level, left_out)
    if isinstance(one, RegressionSide) and isinstance(two, RegressionSide):
        return paired_regression(one, two, level, left_out)
    raise TypeError("they predict other things")


def difference_in(base: Rows, other: Rows, code: str) -> MetricDifference:
    """What two evaluations on the same rows differ by in one metric, without a verdict."""
    one, two, level = base.side, other.side, base.evaluation.confidence
    if reason := not_comparable(base.evaluation, other.evaluation).get(code):
        return MetricDifference(code=code, reason=reason)
    found: Estimate | str
    if isinstance(one, BinarySide) and isinstance(two, BinarySide):
        found = binary_estimate(code, one, two, level)
    elif isinstance(one, MulticlassSide) and isinstance(two, MulticlassSide):
        found = multiclass_estimate(code, one, two, level)
    elif isinstance(one, RegressionSide) and isinstance(two, RegressionSide):
        found = regression_estimate(code, one, two, level)
    else:
        raise TypeError("they predict other things")
    return told(code, found, one.blocks.rows, level)
