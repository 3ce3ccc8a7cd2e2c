"""Evaluations in words for people: what stands first, and what to do about diagnostics."""

from __future__ import annotations

from modelyard.runtime.types import PredictionType

HEADLINES: dict[PredictionType, tuple[str, ...]] = {
    "binary_classification": (
        *("auc", "averagePrecision", "logLoss", "calibrationLoss"),
        *("accuracy", "precision", "recall", "f1"),
    ),
    "multiclass": ("mrocAUC", "accuracy", "f1", "logLoss", "precision", "recall"),
    "regression": ("r2", "rmse", "mae", "mape", "pearson"),
    "other": (),
}
"""The metrics that stand first, by their codes; the first four that there are."""

SUMMARY: dict[PredictionType, tuple[str, ...]] = {
    "binary_classification": ("roc", "calibration", "density", "gain"),
    "multiclass": ("confusion", "classes", "roc", "calibration"),
    "regression": ("scatter", "errors", "percentiles", "quantiles"),
    "other": (),
}
"""The screens whose charts stand on the summary."""
NOTED = {
    "roc": ("auc", "mrocAUC"),
    "precision-recall": ("averagePrecision",),
    "calibration": ("calibrationLoss", "mcalibrationLoss"),
    "gain": ("lift",),
    "scatter": ("r2",),
    "errors": ("mae",),
}
"""The metric that sums a screen up, by its code; the first that there is."""

ADVICE = {
    "dropped_rows": "Look at what the left out rows lack, and mend the dataset or the target; "
    "what is told is about the others only.",
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
