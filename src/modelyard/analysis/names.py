"""What people call metrics, by code."""

from __future__ import annotations

NAMES = {
    "accuracy": "Accuracy",
    "precision": "Precision",
    "recall": "Recall",
    "f1": "F1",
    "mcc": "Matthews correlation",
    "hammingLoss": "Hamming loss",
    "costMatrixGain": "Cost-matrix gain",
    "specificity": "Specificity",
    "auc": "ROC AUC",
    "mrocAUC": "ROC AUC (Hand and Till)",
    "averagePrecision": "Average precision",
    "logLoss": "Log loss",
    "brierScore": "Brier score",
    "calibrationLoss": "Calibration loss",
    "mcalibrationLoss": "Calibration loss",
    "lift": "Lift",
    "kappa": "Cohen's kappa",
    "explainedVariance": "Explained variance",
    "mape": "MAPE",
    "mae": "Mean absolute error",
    "mse": "Mean squared error",
    "rmse": "Root mean squared error",
    "rmsle": "RMSLE",
    "r2": "R2",
    "pearson": "Pearson correlation",
    "maeWinsorised": "Mean absolute error, winsorised",
    "rmseWinsorised": "Root mean squared error, winsorised",
    "passingAssertionsRatio": "Assertions that hold",
    "dataDrift": "Data drift",
    "dataDriftPValue": "Data drift, p-value",
    "predictionDrift": "Prediction drift (PSI)",
    "predictionDriftPValue": "Prediction drift, p-value",
    "expectedAuc": "ROC AUC, expected",
    "expectedMrocAUC": "ROC AUC (Hand and Till), expected",
    "expectedRmse": "Root mean squared error, expected",
    "demographicParity": "Demographic parity",
    "equalisedOdds": "Equalised odds",
    "equalOpportunity": "Equal opportunity",
    "predictiveRateParity": "Predictive rate parity",
}

HEADLINES = ("auc", "mrocAUC", "r2")
"""The one that stands for all others, of each prediction type."""


LOWER_IS_BETTER = frozenset(
    (
        *("logLoss", "brierScore", "hammingLoss", "calibrationLoss", "mcalibrationLoss"),
        *("dataDrift", "predictionDrift", "expectedRmse"),
        *("mape", "mae", "mse", "rmse", "rmsle", "maeWinsorised", "rmseWinsorised"),
    )
)
"""The others rise as a model gets better."""

OF_DRIFT = frozenset(
    (
        *("dataDrift", "dataDriftPValue", "predictionDrift", "predictionDriftPValue"),
        *("expectedAuc", "expectedMrocAUC", "expectedRmse"),
    )
)
"""Those of an evaluation beside its reference."""


def name_of(code: str) -> str:
    """The name of a metric; its code where it has none."""
    return NAMES.get(code, code)
