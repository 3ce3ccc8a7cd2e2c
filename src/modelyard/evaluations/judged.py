"""How scored rows are judged, by prediction type; those that are not there have no metrics."""

from __future__ import annotations

from collections.abc import Callable

from modelyard.evaluations.binary import BinaryFigures
from modelyard.evaluations.figures import Figures, Threshold
from modelyard.evaluations.multiclass import MulticlassFigures
from modelyard.evaluations.regression import RegressionFigures
from modelyard.evaluations.scored import Scored
from modelyard.evaluations.types import View
from modelyard.runtime.types import PredictionType

FIGURES: dict[PredictionType, Callable[[View, Scored, Threshold], Figures]] = {
    "binary_classification": BinaryFigures,
    "multiclass": MulticlassFigures,
    "regression": RegressionFigures,
}
