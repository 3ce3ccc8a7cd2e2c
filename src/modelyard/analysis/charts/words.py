"""The words of charts: titles of screens, numbers, intervals, names that anybody chose."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from modelyard.analysis.names import NAMES, name_of

TITLES = {
    "confusion": "Confusion matrix",
    "decision": "Decision chart",
    "roc": "ROC curve",
    "precision-recall": "Precision and recall",
    "gain": "Cumulative gain",
    "lift": "Lift",
    "calibration": "Calibration",
    "density": "Density",
    "classes": "Classes",
    "averages": "Averages over classes",
    "scatter": "Predicted and true values",
    "points": "A sample of points",
    "errors": "Error distribution",
    "percentiles": "Error percentiles",
    "quantiles": "Errors beside normal ones",
    "slices": "Slices",
    "residuals": "Residuals",
    "fairness": "Fairness",
    "worst": "Worst slices",
}
"""What people call screens, by their names."""
EXPLANATIONS = {
    "importance": "Permutation importance",
    "dependence": "Partial dependence",
    "own-importances": "Own importances or coefficients",
}
"""What people call kept explanations."""
ABOUT = {
    "confusion": "Rows by true and predicted class, each as a share of the rows of its true class. "
    "What stands on the diagonal is right; large cells beside it are classes taken for another.",
    "decision": "What a metric would be at any other threshold. A flat top means that the "
    "threshold may be moved for other reasons.",
    "roc": "How many positives are found for how many false alarms, at every threshold. The nearer "
    "to the upper left corner, the better; the dashed line is guessing. The area below is the "
    "probability that a positive row scores higher than a negative one.",
    "precision-recall": "How many of the rows that are flagged are positive, by how many of the "
    "positives are flagged. The dashed line is flagging at random. Look here rather than at the "
    "ROC curve where positives are rare.",
    "gain": "How many of the positives are found in the likeliest rows. The grey line would be a "
    "perfect ranking, the dashed one no ranking at all.",
    "lift": "How many times more positives a tenth of the rows holds than all rows do, the "
    "likeliest rows first.",
    "calibration": "How often what is predicted with a probability comes true. On the dashed line "
    "probabilities can be taken at their word; above it they are too low, below it too high.",
    "density": "How the predicted probabilities of each class are spread. The less the two "
    "overlap, the better the classes are told apart; dotted lines are medians.",
    "classes": "Precision, recall and the area under the ROC curve of each class against all "
    "others. Look at the rare ones: they hardly count in averages over rows.",
    "averages": "Precision, recall and F1 over all classes, averaged in each way: macro counts "
    "classes alike, weighted by their rows, micro every row.",
    "scatter": "Predicted by true values. On the dashed line predictions are right.",
    "points": "Predicted by true values of some rows. On the dashed line predictions are right.",
    "errors": "How often a prediction is off by how much; what lies beyond the ends is counted in "
    "the outer bars. A mean off zero is a bias.",
    "percentiles": "The error that so many percent of the rows stay below. The absolute error says "
    "how far off predictions are, whatever the direction.",
    "quantiles": "Errors by what they would be if they were normally distributed: then all points "
    "would lie on the dashed line. Points off it at the ends are more extreme errors.",
    "slices": "The metric of each group of rows beside that of all rows.",
    "residuals": "The mean error of each group of rows, prediction minus truth. Where its interval "
    "leaves out zero, predictions are too high or too low there.",
    "fairness": "How often each group is predicted to have the outcome, and how often that is "
    "right. Dashed lines are the rates of the reference group.",
    "worst": "How much more the rows of a slice lose than the others, with intervals; the surest "
    "first.",
}
"""How a screen is read."""
HEADINGS = {
    "of_actual": "Share of true class",
    "of_predicted": "Share of predicted class",
    "actual": "True class",
    "threshold": "Threshold",
    "true_positive": "True positives",
    "false_positive": "False positives",
    "true_negative": "True negatives",
    "false_negative": "False negatives",
    "true_positive_rate": "True positive rate (recall)",
    "mcc": NAMES["mcc"],
    "f1": NAMES["f1"],
    "auc": NAMES["auc"],
    "cost_matrix_gain": NAMES["costMatrixGain"],
    "predicted_positive": "Flagged",
    "targeted": "Rows flagged",
    "found": "Positives found",
    "low": "From",
    "high": "To",
    "weight": "Rows",
    "predicted_weight": "Rows predicted",
    "lowest_score": "From this score on",
    "positive_rate": "Rate of positives",
    "averaging": "Average",
    "percent": "% of rows",
    "absolute": "Absolute error",
    "normal": "If errors were normal",
    "std": "Deviation",
}
"""What people call columns of tables, where that is not their name in words."""
ENDS = {"_low": "from", "_high": "to"}
"""Of the names of columns that hold limits."""
RATES = {
    "positive_rate": "Predicted positive",
    "true_positive_rate": "True positive rate",
    "false_positive_rate": "False positive rate",
    "predictive_value": "Precision",
}
"""What people call the rates of groups."""
LONGEST = 120
LONGEST_QUOTED = 24
ODD = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]+")
"""What no text of a chart may hold: it would end lines, or XML."""


def clean(name: Any) -> str:
    """A name that anybody chose, as one line that fits a chart."""
    text = ODD.sub(" ", str(name))
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def heading(column: str) -> str:
    """What people call a column of a table."""
    if column in HEADINGS:
        return HEADINGS[column]
    for end, words in ENDS.items():
        if column.endswith(end):
            return f"{heading(column.removesuffix(end))}, {words}"
    return column.replace("_", " ").capitalize()


def quoted(label: Any) -> str:
    """A class as a sentence names it."""
    name = clean(label)
    if len(name) > LONGEST_QUOTED:
        name = f"{name[: LONGEST_QUOTED - 1]}…"
    return f"“{name}”"


def names_of(labels: Iterable[Any]) -> list[str]:
    """Names of classes or groups, cleaned and still all different."""
    found: dict[str, None] = {}
    for label in labels:
        name = tried = clean(label)
        count = 1
        while tried in found:
            count += 1
            tried = f"{name} ({count})"
        found[tried] = None
    return list(found)


def number(value: float | None) -> str:
    """Three decimals, thousands with commas, a minus that is one."""
    if value is None or not math.isfinite(value):
        return "–"
    if float(value).is_integer() and 1 < abs(value) < 1e15:
        text = f"{value:,.0f}"
    elif abs(value) >= 1e9 or 0 < abs(value) < 5e-4:
        text = f"{value:.3g}"
    else:
        text = f"{value:.3f}" if abs(value) < 100 else f"{value:,.1f}"
    return text.replace("-", "−")


def count(value: float) -> str:
    """Rows, or their weight."""
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"


def percent(share: float | None) -> str:
    """A share in percent."""
    return "–" if share is None else f"{share:.1%}".replace("%", " %")


def metric(told: Mapping[str, Any] | None) -> str:
    """Name, value and interval of a metric; nothing where it has no value."""
    if not told or told.get("value") is None:
        return ""
    text = f"{name_of(told['code'])} {number(told['value'])}"
    if told.get("low") is None or told.get("high") is None:
        return text
    return f"{text} ({number(told['low'])} to {number(told['high'])})"


def listed(names: Iterable[str]) -> str:
    """Names in a sentence."""
    *before, last = list(names)
    return f"{', '.join(before)} and {last}" if before else last
