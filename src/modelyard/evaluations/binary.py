"""The numbers of a binary classification."""

from __future__ import annotations

import numpy as np

from modelyard import errors
from modelyard.analysis.arrays import Floats, absent
from modelyard.analysis.binary import Binary
from modelyard.analysis.types import BinaryOptions
from modelyard.evaluations.figures import LABELS_ONLY, Figures
from modelyard.evaluations.planning import Plan
from modelyard.evaluations.scored import Scored
from modelyard.evaluations.types import ThresholdFrom, View


def binary_figures(plan: Plan, scored: Scored) -> Figures:
    """Metrics at the threshold and free of it, and every screen.

    Raises:
        Unsupported: a threshold is asked for, and the model gives labels only.
    """
    binary, has_scores = look(plan.view, scored)
    threshold, origin = _threshold(plan, binary, has_scores=has_scores)
    metrics = binary.metrics(threshold)
    if not has_scores:
        at = binary.at(threshold)
        free = (absent(each.code, LABELS_ONLY) for each in metrics[len(at.metrics) :])
        return Figures(
            intake=binary.intake, metrics=(*at.metrics, *free), screens={"confusion": at}
        )
    return Figures(
        intake=binary.intake,
        metrics=metrics,
        screens={
            "confusion": binary.at(threshold),
            "decision": binary.decision_chart(),
            "roc": binary.roc_curve(),
            "precision-recall": binary.precision_recall_curve(),
            "gain": binary.gain_curve(),
            "lift": binary.lift_bins(),
            "calibration": binary.calibration_curve(),
            "density": binary.densities(),
        },
        threshold=threshold,
        threshold_from=origin,
    )


def look(view: View, scored: Scored) -> tuple[Binary, bool]:
    """The rows with the positive class's scores, and whether these are the model's own.

    A model that gives labels only scores 1 where it predicts the positive class, else 0.
    """
    truth, predicted = scored.codes(view.classes)
    at = [str(label) for label in view.classes].index(str(view.positive))
    has_scores = scored.probabilities is not None
    if scored.probabilities is not None:
        score: Floats = scored.probabilities[:, at]
    else:
        score = np.where(predicted < 0, np.nan, (predicted == at).astype(float))
    options = BinaryOptions(
        confidence=view.confidence, gains=view.gains, lift_share=view.lift_share
    )
    positive = np.where(truth < 0, -1, truth == at)
    return Binary(positive, score, scored.weights, options=options), has_scores


def _threshold(plan: Plan, binary: Binary, *, has_scores: bool) -> tuple[float, ThresholdFrom]:
    command = plan.command
    if not has_scores:
        if command.threshold is not None or command.optimise is not None:
            raise errors.Unsupported(
                f"a threshold needs probabilities; version {plan.version.version} of "
                f"{plan.version.model} gives labels only"
            )
        return 0.5, "none"
    if command.threshold is not None:
        return command.threshold, "given"
    own = plan.version.core.threshold
    of_version = 0.5 if own is None else own
    if plan.view.positive != plan.view.classes[1]:
        of_version = 1 - of_version
    if command.optimise is None:
        return of_version, "version"
    best = binary.best(command.optimise)
    if best.threshold is None:
        return of_version, "version"
    return best.threshold, "optimised"
