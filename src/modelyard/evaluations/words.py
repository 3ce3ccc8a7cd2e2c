"""What people are told of evaluations: why rows were left out."""

from __future__ import annotations

from modelyard.evaluations.types import Evaluation, EvaluationSummary
from modelyard.runtime.types import PredictionType

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


LEADING: dict[PredictionType, tuple[str, ...]] = {
    "binary_classification": (
        *("auc", "averagePrecision", "logLoss", "calibrationLoss"),
        *("accuracy", "precision", "recall", "f1"),
    ),
    "multiclass": ("mrocAUC", "accuracy", "f1", "logLoss", "precision", "recall"),
    "regression": ("r2", "rmse", "mae", "mape", "pearson"),
    "other": (),
}
"""The metrics that stand first, by their codes; the first four that there are."""
