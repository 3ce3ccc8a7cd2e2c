"""The numbers of a classification with several classes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from pydantic import BaseModel, JsonValue

from modelyard.analysis.binary import Binary
from modelyard.analysis.multiclass import Multiclass
from modelyard.analysis.multiclass_types import MulticlassOptions
from modelyard.evaluations.figures import Content, Figures
from modelyard.evaluations.planning import Plan
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


def multiclass_figures(plan: Plan, scored: Scored) -> Figures:
    """Metrics over all classes, and every screen."""
    found = look_at_classes(plan.view, scored)
    screens: dict[str, Content] = {
        "confusion": found.confusion(),
        "classes": found.per_class(),
        "averages": found.averages(),
    }
    if scored.probabilities is not None and found.intake.used:
        screens |= _by_class(found)
    return Figures(intake=found.intake, metrics=found.metrics(), screens=screens)


def look_at_classes(view: View, scored: Scored) -> Multiclass:
    """The rows with positions of their true and predicted classes."""
    truth, predicted = scored.codes(view.classes)
    return Multiclass(
        truth,
        view.classes,
        probabilities=scored.probabilities,
        predicted=predicted,
        weights=scored.weights,
        options=MulticlassOptions(confidence=view.confidence, averaging=view.averaging),
    )


def _by_class(found: Multiclass) -> dict[str, Content]:
    """Each class against all others, the most frequent first, and what averages them."""
    order = np.argsort(-found.matrix.actual, kind="stable")[:MOST_CURVES]
    told: dict[str, list[JsonValue]] = {name: [] for name in CURVES}
    for position in order:
        one = found.one_vs_rest(int(position))
        if one is None or not found.matrix.actual[position]:
            continue
        for name, curve in CURVES.items():
            of_class = {"label": found.classes[position], **curve(one).model_dump(mode="json")}
            told[name].append(of_class)
    screens: dict[str, Content] = {name: {"classes": curves} for name, curves in told.items()}
    means = {
        "roc": (found.macro_roc(), found.micro_roc()),
        "precision-recall": (found.macro_precision_recall(), found.micro_precision_recall()),
    }
    for name, (macro, micro) in means.items():
        dumped = {"macro": macro.model_dump(mode="json"), "micro": micro.model_dump(mode="json")}
        screens[name] = {"classes": told[name], **dumped}
    return screens
