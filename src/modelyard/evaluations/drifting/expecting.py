"""What performance is to be expected of a side without its truth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from modelyard import errors
from modelyard.analysis.drift.expected import expected_binary, expected_multiclass
from modelyard.analysis.drift.expected_errors import expected_regression
from modelyard.analysis.drift.types import DriftSettings, Expected
from modelyard.analysis.types import Metric
from modelyard.evaluations.binary import look
from modelyard.evaluations.drifting.planning import Answering
from modelyard.evaluations.drifting.sides import OpenSide
from modelyard.evaluations.figures import LABELS_ONLY
from modelyard.evaluations.multiclass import look_at_classes
from modelyard.evaluations.regression import look_at_errors
from modelyard.evaluations.scored import Scored
from modelyard.evaluations.types import View


def expect(
    answering: Answering,
    sides: tuple[OpenSide, OpenSide],
    realised: Sequence[Metric],
    telling: Metric,
    settings: DriftSettings,
    columns: Sequence[str],
) -> Expected:
    """Learn from the reference how often predictions come true, or how far off they are.

    Args:
        answering: how answers are looked at.
        sides: the reference, whose truth is known, and current; both have predictions.
        realised: metrics of current, where it has a truth.
        telling: AUC of the classifier that tells both sides apart.
        settings: of the comparison.
        columns: that a model of the loss of a regression learns from.

    Raises:
        Unsupported: it takes probabilities, or the truth of the reference.
    """
    view, threshold = answering.view, answering.threshold.value
    before, after = (_scored(side, view) for side in sides)
    more: dict[str, Any] = {"realised": realised, "telling": telling, "settings": settings}
    if not view.classes:
        rows = (sides[0].rows, sides[1].rows)
        of = look_at_errors(view, before)
        predicted = np.asarray(after.predicted, np.float64)
        return expected_regression(of, rows, predicted, columns=columns, **more)
    if after.probabilities is None or (view.positive is not None and threshold is None):
        raise errors.Unsupported(LABELS_ONLY)
    if view.positive is None:
        seen = look_at_classes(view, before)
        codes = np.asarray(after.predicted, np.int64)
        return expected_multiclass(seen, after.probabilities, predicted=codes, **more)
    at = [str(label) for label in view.classes].index(str(view.positive))
    score = after.probabilities[:, at]
    return expected_binary(look(view, before), score, threshold or 0.0, **more)


def _scored(side: OpenSide, view: View) -> Scored:
    if side.answers is None:
        raise errors.Unsupported(f"nothing is predicted for {side.named.name}")
    return side.answers.scored(view.classes)
