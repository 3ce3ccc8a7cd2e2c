"""CatBoost: the classifier gives labels, the base class raw scores; both hide probabilities."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional, Sequence

import numpy as np

from .flavor import CLASSIFICATION, Flavor, feature, interpretation
from .weights import Weights, of_catboost

CLASS_LOSSES = ("Logloss", "CrossEntropy", "MultiClass", "MultiClassOneVsAll")


class CatBoost(Flavor):
    """CatBoostClassifier, CatBoostRegressor or the base class CatBoost."""

    name = "catboost"
    loader_modules = ("mlflow.catboost",)
    libraries = ("catboost",)
    native_loader = ("mlflow.catboost", "data")

    def __init__(self, pyfunc: Any, native: Any, facts: Mapping[str, Any], folder: str) -> None:
        super().__init__(pyfunc, native, facts, folder)
        self._loss = _loss(native)

    def classes(self) -> Optional[List[Any]]:
        """Those it was trained on; a model of probabilities as target has none and numbers them."""
        own = super().classes()
        return [0, 1] if own is None and self._loss == "CrossEntropy" else own

    def features(self) -> Optional[List[Dict[str, Any]]]:
        """Names; categorical features are text to CatBoost, whole numbers too."""
        names = self.native.feature_names_
        if not names or names == [str(at) for at in range(len(names))]:
            return None
        text = {*self.native.get_cat_feature_indices(), *self.native.get_text_feature_indices()}
        return [
            feature(name, "string" if at in text else "double") for at, name in enumerate(names)
        ]

    def width(self) -> Optional[int]:
        """The number of features."""
        return len(self.native.feature_names_ or ()) or None

    def expects(self, prediction_type: str) -> Optional[Dict[str, Any]]:
        """By the loss function."""
        reason = f"{type(self.native).__name__} with loss function {self._loss}"
        if prediction_type == "regression":
            return interpretation("number", reason)
        if prediction_type in CLASSIFICATION and self.has_probabilities():
            reason += ": predict gives no probabilities, the native model does"
            classes = self.classes() or []
            return interpretation("probabilities", reason, call="native", classes=classes)
        return None

    def has_probabilities(self) -> bool:
        """Whether the loss function is one of classification."""
        return self._loss in CLASS_LOSSES

    def probabilities(self, data: Any) -> np.ndarray:
        """What predict hides."""
        return np.asarray(self.native.predict(data, prediction_type="Probability"))

    def weights(self, names: Optional[Sequence[str]]) -> Weights:
        """PredictionValuesChange of the trees."""
        return of_catboost(self.native, names)


def _loss(native: Any) -> Optional[str]:
    from catboost import CatBoostError

    try:
        name = native.get_all_params().get("loss_function")
    except CatBoostError:  # the file was saved without its parameters
        name = None
    if name is None:
        return "MultiClass" if hasattr(native, "predict_proba") else None
    return str(name).split(":")[0]
