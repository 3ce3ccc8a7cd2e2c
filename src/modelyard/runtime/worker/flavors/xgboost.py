"""XGBoost: a Booster's objective says what predict gives; XGBClassifier gives labels as numbers."""

from __future__ import annotations

import json
from typing import Any, Dict, List, Mapping, Optional, Sequence

import numpy as np
import pandas as pd

from ..casting import Habits
from .flavor import CLASSIFICATION, Flavor, feature, interpretation
from .weights import Weights, of_xgboost

TYPES = {"float": "double", "q": "double", "int": "double", "i": "double"}


class XGBoost(Flavor):
    """A Booster, or one of the scikit-learn classes of xgboost."""

    name = "xgboost"
    loader_modules = ("mlflow.xgboost",)
    libraries = ("xgboost",)
    native_loader = ("mlflow.xgboost", "data")

    def __init__(self, pyfunc: Any, native: Any, facts: Mapping[str, Any], folder: str) -> None:
        super().__init__(pyfunc, native, facts, folder)
        self._wrapped = hasattr(native, "get_booster")
        self._booster = native.get_booster() if self._wrapped else native
        learner = json.loads(self._booster.save_config())["learner"]
        self._objective: str = learner["objective"]["name"]
        self._num_class = int(learner["learner_model_param"].get("num_class", 0))
        self._types = list(self._booster.feature_types or ())
        if self._wrapped and "c" in self._types:
            native.set_params(enable_categorical=True)

    def classes(self) -> Optional[List[Any]]:
        """XGBoost numbers its classes; the labels themselves are not in the model."""
        if self._num_class > 1:
            return list(range(self._num_class))
        return [0, 1] if self._objective.startswith("binary:") else None

    def features(self) -> Optional[List[Dict[str, Any]]]:
        """Names and types, with the categories that xgboost 3.1 and newer keep."""
        names = self._booster.feature_names
        if not names:
            return None
        types = self._types or ["q"] * len(names)
        known = self._known_categories() if "c" in types else {}
        return [
            feature(name, TYPES.get(kind, "any"), known.get(name))
            for name, kind in zip(names, types)
        ]

    def _known_categories(self) -> Dict[str, List[Any]]:
        if not hasattr(self._booster, "get_categories"):
            return {}
        arrays = self._booster.get_categories(export_to_arrow=True).to_arrow()
        return {name: values.to_pylist() for name, values in arrays if values is not None}

    def width(self) -> Optional[int]:
        """The number of features."""
        return int(self._booster.num_features())

    def notes(self) -> List[str]:
        """What the file does not say."""
        if "c" in self._types and not self._known_categories():
            return ["the model has categorical features but does not say their categories"]
        return []

    def habits(self) -> Habits:
        """XGBoost itself takes an unknown category as missing."""
        return super().habits()._replace(keep_unseen=False)

    def expects(self, prediction_type: str) -> Optional[Dict[str, Any]]:
        """By the objective."""
        said = f"objective {self._objective}"
        if prediction_type == "regression":
            return interpretation("number", said)
        classes = self.classes()
        if prediction_type not in CLASSIFICATION or classes is None:
            return None
        if self._is_classifier() or self._objective == "multi:softmax":
            reason = f"{said}: predict gives labels, the native model probabilities"
            return interpretation("probabilities", reason, call="native", classes=classes)
        if self._objective == "multi:softprob":
            return interpretation("probabilities", said, classes=classes)
        if self._objective == "binary:hinge":
            return interpretation("labels", said, classes=classes)
        activation = "sigmoid" if self._objective == "binary:logitraw" else "none"
        return interpretation("positive_probability", said, activation=activation, classes=classes)

    def _is_classifier(self) -> bool:
        return hasattr(self.native, "predict_proba")

    def has_probabilities(self) -> bool:
        """Whether predict hides probabilities."""
        return self._is_classifier() or self._objective == "multi:softmax"

    def predict(self, data: Any, params: Optional[Mapping[str, Any]]) -> Any:
        """Pyfunc's predict, which refuses categorical columns to a Booster: these go around it."""
        if not self._wrapped and _has_categories(data):
            return self._booster.predict(self._matrix(data), **(params or {}))
        return super().predict(data, params)

    def probabilities(self, data: Any) -> np.ndarray:
        """predict_proba, or the softmax of a Booster's margins."""
        if self._is_classifier():
            return np.asarray(self.native.predict_proba(data))
        margins = self._booster.predict(self._matrix(data), output_margin=True).astype(np.float64)
        powers = np.exp(margins - margins.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True))

    def weights(self, names: Optional[Sequence[str]]) -> Weights:
        """Gains of the trees, or coefficients of a linear booster."""
        return of_xgboost(self._booster, names)

    def _matrix(self, data: Any) -> Any:
        import xgboost

        return xgboost.DMatrix(data, enable_categorical=_has_categories(data))


def _has_categories(data: Any) -> bool:
    return isinstance(data, pd.DataFrame) and any(
        isinstance(kind, pd.CategoricalDtype) for kind in data.dtypes
    )
