"""The numbers of a classification with several classes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import numpy as np
from pydantic import BaseModel, JsonValue

from modelyard.analysis.binary import Binary
from modelyard.analysis.group_types import Slices
from modelyard.analysis.grouping import Grouping
from modelyard.analysis.multiclass import Multiclass
from modelyard.analysis.multiclass_types import MulticlassOptions
from modelyard.analysis.slices import multiclass_slices
from modelyard.analysis.types import Intake, Metric
from modelyard.evaluations.figures import Content, Threshold
from modelyard.evaluations.scored import Scored
from modelyard.evaluations.types import View

MOST_CURVES = 50
"""Classes, the most frequent first, that have curves of their own."""
CURVES: dict[str, Callable[[Binary], BaseModel]] = {
    "roc": Binary.roc_curve,
    "precision-recall": Binary.precision_recall_curve,
    "gain": Binary.gain_curve,
    "lift": Binary.lift_bins,
    "calibration": Binary.calibration_curve,
    "density": Binary.densities,
}
MEANS: dict[str, dict[str, Callable[[Multiclass], BaseModel]]] = {
    "roc": {"macro": Multiclass.macro_roc, "micro": Multiclass.micro_roc},
    "precision-recall": {
        "macro": Multiclass.macro_precision_recall,
        "micro": Multiclass.micro_precision_recall,
    },
}
OF_LABELS: dict[str, Callable[[Multiclass], Content]] = {
    "confusion": Multiclass.confusion,
    "classes": Multiclass.per_class,
    "averages": Multiclass.averages,
}


class MulticlassFigures:
    """Metrics over all classes, and the screens that labels or probabilities allow.

    Args:
        view: how the rows are looked at.
        scored: the rows.
        threshold: none.
    """

    def __init__(self, view: View, scored: Scored, threshold: Threshold) -> None:
        self.threshold = threshold
        self.multiclass = look_at_classes(view, scored)
        self._has_scores = scored.probabilities is not None and self.intake.used > 0

    @property
    def intake(self) -> Intake:
        """Which rows were used."""
        return self.multiclass.intake

    def metrics(self) -> tuple[Metric, ...]:
        """Over all classes."""
        return self.multiclass.metrics()

    def screens(self, names: Collection[str] | None = None) -> dict[str, Content]:
        """Those of the labels; with probabilities the curves of each class against the others."""
        wanted = (name for name in OF_LABELS if names is None or name in names)
        made = {name: OF_LABELS[name](self.multiclass) for name in wanted}
        curves = [name for name in CURVES if names is None or name in names]
        if self._has_scores and curves:
            made |= _by_class(self.multiclass, curves)
        return made

    def slices(self, column: str, grouping: Grouping, code: str | None = None) -> Slices:
        """Metrics of each group."""
        return multiclass_slices(column, grouping, self.multiclass, code=code)


def look_at_classes(view: View, scored: Scored) -> Multiclass:
    """The rows with positions of their true and predicted classes."""
    truth, predicted = scored.truth, scored.predicted
    return Multiclass(
        truth,
        view.classes,
        probabilities=scored.probabilities,
        predicted=predicted,
        weights=scored.weights,
        options=MulticlassOptions(confidence=view.confidence, averaging=view.averaging),
    )


def _by_class(found: Multiclass, names: Sequence[str]) -> dict[str, Content]:
    """Curves of each class against all others, the most frequent first, and their averages.

    The order of one class's scores is held at a time.
    """
    order = np.argsort(-found.matrix.actual, kind="stable")[:MOST_CURVES]
    told: dict[str, list[JsonValue]] = {name: [] for name in names}
    for position in order:
        one = found.one_vs_rest(int(position))
        if one is None or not found.matrix.actual[position]:
            continue
        for name in names:
            curve = CURVES[name](one).model_dump(mode="json")
            told[name].append({"label": found.classes[position], **curve})
    screens: dict[str, Content] = {}
    for name in names:
        means = {mean: MEANS[name][mean](found) for mean in MEANS.get(name, ())}
        dumped = {mean: curve.model_dump(mode="json") for mean, curve in means.items()}
        screens[name] = {"classes": told[name], **dumped}
    return screens
