"""What people are told of evaluations: what to do about diagnostics, why rows were left out."""

from __future__ import annotations

from modelyard.evaluations.types import Evaluation, EvaluationSummary

ADVICE = {
    "dropped_rows": "Look at what the left out rows lack, and mend the dataset or the target; "
    "what is told is about the others only.",
    "rows_left_out": "Look at what the left out rows lack: are they of one kind?",
    "not_summing_to_one": "Check how the version's output is read: probabilities of all classes "
    "sum to one, unless the model gives scores of another kind.",
    "few_rows": "Evaluate on more rows, or trust the intervals rather than the values.",
    "too_good": "Look for a feature that is only known once the truth is, and at rows that the "
    "model was trained on.",
    "missing_class": "Evaluate on rows of all classes.",
    "imbalance": "Look at precision, recall and their curve rather than at accuracy; a sample that "
    "is balanced by the target changes what is told.",
    "one_class_predicted": "Try another threshold: the decision chart shows what each one brings.",
    "no_better_than_mean": "Look at the errors and at slices for rows on which it goes wrong, and "
    "check that target and prediction have the same unit.",
    "assertion_failed": "Look at the worst of its rows, and whether data or model changed there.",
    "assertion_not_computed": "Mend its filter, or evaluate on rows that match it.",
    "custom_metric_failed": "Mend the function; the log of the workers has the traceback.",
}
"""What to do about a diagnostic, by its code."""

LEFT_OUT = (
    ("without_truth", "without a truth"),
    ("without_prediction", "without a prediction"),
    ("without_weight", "of weight zero"),
    ("bad_weight", "with a weight that is none"),
)
"""Why rows were left out, by the name of the count."""

METHODS = {
    "wilson": "Wilson",
    "delong": "DeLong",
    "delta": "delta method",
    "normal": "normal",
    "bootstrap": "bootstrap",
    "newcombe": "Newcombe",
    "fisher": "Fisher",
    "order": "order statistics",
}
"""How intervals were found, by the code of the method."""


def title_of(found: Evaluation | EvaluationSummary) -> str:
    """What an evaluation is of: a version on a dataset, or what of this there is."""
    of = " ".join(each for each in (found.model, found.version) if each)
    parts = [each for each in (of, found.dataset) if each]
    return " on ".join(parts) if found.kind != "custom" and parts else found.name
