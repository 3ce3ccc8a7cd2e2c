"""scikit-learn: pyfunc gives labels, the estimator gives probabilities."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Sequence

import numpy as np

from .flavor import CLASSIFICATION, Flavor, feature, interpretation
from .weights import Weights, of_estimator

THRESHOLDS = {
    "TunedThresholdClassifierCV": "best_threshold_",
    "FixedThresholdClassifier": "threshold",
}


class ScikitLearn(Flavor):
    """An estimator or pipeline."""

    name = "sklearn"
    loader_modules = ("mlflow.sklearn",)
    libraries = ("sklearn", "scipy", "skops", "cloudpickle")
    native_loader = ("mlflow.sklearn", "pickled_model")

    def features(self) -> Optional[List[Dict[str, Any]]]:
        """The names of the frame it was fitted on."""
        names = getattr(self.native, "feature_names_in_", None)
        return None if names is None else [feature(str(name)) for name in names]

    def width(self) -> Optional[int]:
        """The number of columns it was fitted on."""
        width = getattr(self.native, "n_features_in_", None)
        return None if width is None else int(width)

    def threshold(self) -> Optional[float]:
        """What TunedThresholdClassifierCV found or FixedThresholdClassifier was given."""
        attribute = THRESHOLDS.get(type(self.native).__name__)
        own = getattr(self.native, attribute, None) if attribute else None
        classes = self.classes()
        positive = getattr(self.native, "pos_label", None)
        if not isinstance(own, (float, int)) or classes is None or len(classes) != 2:
            return None
        return float(own) if positive is None or positive == classes[1] else 1 - float(own)

    def notes(self) -> List[str]:
        """Where labels and probabilities need not agree."""
        if self.has_probabilities() and type(self.native).__name__ in ("SVC", "NuSVC"):
            return ["labels follow the probabilities; predict of a support vector machine need not"]
        return []

    def expects(self, prediction_type: str) -> Optional[Dict[str, Any]]:
        """By predict_fn and by what the estimator can do."""
        asked = self.facts.get("predict_fn", "predict")
        kind = type(self.native).__name__
        classes = self.classes()
        if prediction_type == "regression" and asked == "predict":
            return interpretation("number", f"predict of {kind}")
        if prediction_type not in CLASSIFICATION or classes is None:
            return None
        if asked == "predict_proba":
            reason = "the model was saved with predict_fn predict_proba"
            return interpretation("probabilities", reason, classes=classes)
        if self.has_probabilities():
            reason = f"pyfunc's {asked} gives no probabilities, predict_proba of {kind} does"
            return interpretation("probabilities", reason, call="native", classes=classes)
        if asked == "predict":
            return interpretation("labels", f"{kind} gives labels alone", classes=classes)
        return None

    def has_probabilities(self) -> bool:
        """Whether the estimator has predict_proba, for one target."""
        return self.classes() is not None and hasattr(self.native, "predict_proba")

    def probabilities(self, data: Any) -> np.ndarray:
        """predict_proba."""
        return np.asarray(self.native.predict_proba(data))

    def weights(self, names: Optional[Sequence[str]]) -> Weights:
        """Those of the estimator, of a pipeline those of its last step."""
        return of_estimator(self.native, names)
