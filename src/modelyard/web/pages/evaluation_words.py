"""What stands first on the pages of an evaluation."""

from __future__ import annotations

from modelyard.runtime.types import PredictionType

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
