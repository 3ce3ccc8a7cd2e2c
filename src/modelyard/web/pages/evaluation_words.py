"""Evaluations in words for people: screens and how to read them, what to do about diagnostics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from modelyard.runtime.types import PredictionType


@dataclass(frozen=True)
class ScreenWords:
    """What a screen is called, and how it is read."""

    label: str
    reading: str
    classes: str = ""
    """The same where each class stands against all others."""


SCREENS: dict[str, ScreenWords] = {
    "confusion": ScreenWords(
        "Confusion matrix",
        "Each row of the matrix is what was true, each column what was predicted: what stands on "
        "the diagonal is right. The threshold decides how many rows are predicted positive.",
        "Each row of the matrix is what was true, each column what was predicted: what stands on "
        "the diagonal is right. Large cells beside it are classes that are taken for another.",
    ),
    "decision": ScreenWords(
        "Decision chart",
        "Each line is a metric at every threshold. A flat top means that the threshold may be "
        "moved for other reasons; a sharp one, that it matters where it is.",
    ),
    "roc": ScreenWords(
        "ROC curve",
        "How many of the positive rows are found, for how many of the negative ones are flagged "
        "by mistake, at every threshold. The diagonal is chance, the upper left corner perfect; "
        "the area below is the probability that a positive row scores higher than a negative one.",
        "For each class against all others: how many of its rows are found, for how many other "
        "rows are taken for it. Macro counts classes alike, micro rows.",
    ),
    "precision-recall": ScreenWords(
        "Precision and recall",
        "How many of the flagged rows are right, by how many of the positive rows are found. Look "
        "here rather than at the ROC curve where positive rows are rare: the base rate is what "
        "chance would give.",
        "For each class against all others: how many of the rows that are taken for it are of it, "
        "by how many of its rows are found.",
    ),
    "gain": ScreenWords(
        "Cumulative gain",
        "The share of the positive rows that is found when the likeliest rows are targeted first. "
        "The grey lines are a perfect ranking and chance.",
        "For each class against all others: the share of its rows that is found when those most "
        "likely of it are targeted first.",
    ),
    "lift": ScreenWords(
        "Lift",
        "Rows in ten groups by falling score: how many times more positive rows each has than all "
        "rows together. It should fall from left to right.",
        "For each class against all others: how many times more of its rows each tenth has than "
        "all rows together, by falling score.",
    ),
    "calibration": ScreenWords(
        "Calibration",
        "Rows in groups by predicted probability: how many of them really were positive. Points "
        "on the diagonal are probabilities that can be taken at their word; above it they are too "
        "low, below it too high.",
        "For each class against all others: how many of the rows with a predicted probability "
        "really were of it.",
    ),
    "density": ScreenWords(
        "Density",
        "How predicted probabilities of the positive and of the negative rows are spread. The "
        "less the two overlap, the better they are told apart.",
        "How the predicted probability of each class is spread, for its rows and for all others.",
    ),
    "classes": ScreenWords(
        "Metrics by class",
        "Each class against all others, with the number of its rows. Look at the rare ones: they "
        "hardly count in averages over rows.",
    ),
    "averages": ScreenWords(
        "Averages",
        "Metrics of the classes averaged in three ways: macro counts classes alike, weighted by "
        "their rows, micro every row.",
    ),
    "scatter": ScreenWords(
        "Predicted and actual",
        "Each cell counts rows with such a truth and such a prediction. Those on the diagonal are "
        "predicted right.",
    ),
    "rows": ScreenWords(
        "Sample of rows",
        "Up to a thousand rows by chance, each with its truth and its prediction.",
    ),
    "errors": ScreenWords(
        "Error distribution",
        "How many rows have an error of which size; the error is prediction minus truth. A mean "
        "off zero is a bias, a long tail a few rows that are far off.",
    ),
    "percentiles": ScreenWords(
        "Error percentiles",
        "So many percent of the rows have an error of at most this. The absolute error says how "
        "far off predictions are, whatever the direction.",
    ),
    "quantiles": ScreenWords(
        "Q-Q plot",
        "Quantiles of the errors against those of a normal distribution. Points off the line at "
        "the ends are more extreme errors than a normal distribution has.",
    ),
}
"""Every screen by its name, in the order of the navigation."""

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
    "multiclass": ("confusion", "roc", "precision-recall", "calibration"),
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


def known_screens(names: Sequence[str]) -> list[str]:
    """The screens that there are, in the order of the navigation."""
    return [name for name in SCREENS if name in names]


def reading_of(name: str, prediction_type: PredictionType) -> str:
    """How a screen is read."""
    words = SCREENS[name]
    return words.classes if prediction_type == "multiclass" and words.classes else words.reading
