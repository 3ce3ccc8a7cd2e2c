"""Fairness: what the groups of a column get of an outcome."""

from __future__ import annotations

from modelyard import errors
from modelyard.analysis.binary import Binary
from modelyard.analysis.fairness import fairness
from modelyard.analysis.grouping import Grouping, grouped
from modelyard.analysis.slices import LEAST
from modelyard.analysis.types import BinaryOptions
from modelyard.evaluations.binary import look
from modelyard.evaluations.looking.commands import ShowFairness
from modelyard.evaluations.looking.types import FairnessReport
from modelyard.evaluations.multiclass import look_at_classes
from modelyard.evaluations.outcomes import outcome_of
from modelyard.evaluations.sample import Sample
from modelyard.runtime.types import Label


def compare_groups(sample: Sample, asked: ShowFairness) -> FairnessReport:
    """Tell how far the rates of groups are from those of a reference group.

    Raises:
        Invalid: there is no such column, group or class, or the class has to be named.
        Unsupported: the model predicts numbers.
    """
    evaluation = sample.evaluation
    if evaluation.prediction_type == "regression":
        raise errors.Unsupported(
            "fairness compares how often classes are predicted, and a regression predicts numbers; "
            "`evaluations residuals` tells its errors by group"
        )
    outcome = outcome_of(evaluation, asked.outcome)
    grouping = grouped(sample.column(asked.by))
    if evaluation.prediction_type == "multiclass":
        binary, grouping = _one_against_others(sample, outcome, grouping)
        positive = True
    else:
        binary = look(evaluation, sample.scored())
        positive = outcome == evaluation.positive
    told = fairness(
        asked.by,
        grouping,
        binary,
        sample.threshold,
        asked.reference,
        positive_outcome=positive,
        least=LEAST,
    )
    return FairnessReport(
        **dict(told),
        evaluation=evaluation.id,
        outcome_class=outcome,
        threshold=evaluation.threshold,
    )


def _one_against_others(
    sample: Sample, outcome: Label, grouping: Grouping
) -> tuple[Binary, Grouping]:
    """The rows that are used, whether they are and are predicted to be of one class."""
    evaluation = sample.evaluation
    found = look_at_classes(evaluation, sample.scored())
    at = evaluation.classes.index(outcome)
    options = BinaryOptions(confidence=evaluation.confidence)
    predicted = (found.predicted == at).astype(float)
    binary = Binary(found.truth == at, predicted, found.weights, options=options)
    return binary, grouping.of(found.kept.mask)
