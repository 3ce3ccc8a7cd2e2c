"""Metrics of the items of a comparison as a table: which come first, and who is best."""

from __future__ import annotations

from collections.abc import Sequence

from modelyard.analysis.names import LOWER_IS_BETTER, OF_DRIFT
from modelyard.evaluations.comparing.types import ShownComparison, ShownItem
from modelyard.kernel.values import Value
from modelyard.runtime.types import PredictionType

COLUMNS: dict[PredictionType, tuple[str, ...]] = {
    "binary_classification": (
        *("auc", "averagePrecision", "f1", "recall", "precision", "calibrationLoss"),
    ),
    "multiclass": ("mrocAUC", "accuracy", "f1", "recall", "precision", "logLoss"),
    "regression": ("r2", "rmse", "mae", "mape", "pearson", "explainedVariance"),
}
"""Those that stand first, by their codes."""


class MetricsTable(Value):
    """Metrics of all, in columns."""

    codes: tuple[str, ...]
    best: dict[str, str]
    """By the code of a metric the key of the item that is best, where that is no chance."""


def metrics_table(
    found: ShownComparison, shown: Sequence[ShownItem], most: int | None = None
) -> MetricsTable:
    """Headlines first; the best of each metric, where its difference is real."""
    usual = [code for code in COLUMNS.get(found.prediction_type, ()) if code in found.codes]
    others = [code for code in found.codes if code not in usual and code not in OF_DRIFT]
    codes = tuple([*usual, *others][:most])
    verdicts = {
        (each.key, one.code): one.verdict for each in found.challenges for one in each.differences
    }
    best = {}
    for code in codes:
        values = {
            each.key: figure.value
            for each in shown
            if (figure := each.metrics.get(code)) is not None and figure.value is not None
        }
        if len(values) < 2:
            continue
        pick = min if code in LOWER_IS_BETTER else max
        key = pick(values, key=lambda key: values[key])
        others_worse = all(verdicts.get((k, code)) == "worse" for k in values if k != key)
        if verdicts.get((key, code)) == "better" or (key == found.against and others_worse):
            best[code] = key
    return MetricsTable(codes=codes, best=best)
