"""LightGBM: a Booster's objective says what predict gives; LGBMClassifier gives labels."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Mapping, Optional, Sequence

import numpy as np

from ..casting import Habits
from .flavor import CLASSIFICATION, Flavor, feature, interpretation
from .weights import Weights, of_lightgbm

POSITIVE = ("binary", "cross_entropy", "xentropy")
PER_CLASS = ("multiclass", "softmax", "multiclassova", "multiclass_ova", "ova", "ovr")


class LightGBM(Flavor):
    """A Booster, or one of the scikit-learn classes of lightgbm."""

    name = "lightgbm"
    loader_modules = ("mlflow.lightgbm",)
    libraries = ("lightgbm", "sklearn", "skops", "cloudpickle")
    native_loader = ("mlflow.lightgbm", "data")

    def __init__(self, pyfunc: Any, native: Any, facts: Mapping[str, Any], folder: str) -> None:
        super().__init__(pyfunc, native, facts, folder)
        self._booster = native.booster_ if hasattr(native, "booster_") else native
        dump = self._booster.dump_model(num_iteration=1)
        self._objective = str(dump.get("objective") or "").split(" ")[0]
        self._num_class = int(dump.get("num_class", 1))
        self._names: List[str] = dump["feature_names"]
        self._categorical = [self._names[at] for at in _categorical_features(self._booster)]

    def classes(self) -> Optional[List[Any]]:
        """Those of LGBMClassifier; a Booster numbers them."""
        own = super().classes()
        if own is not None:
            return own
        if self._objective in PER_CLASS:
            return list(range(self._num_class))
        return [0, 1] if self._objective in POSITIVE else None

    def features(self) -> Optional[List[Dict[str, Any]]]:
        """Names, and the categories of the frame it was trained on."""
        if all(re.fullmatch(r"Column_\d+", name) for name in self._names):
            return None
        lists = self._booster.pandas_categorical or []
        known = dict(zip(self._categorical, lists)) if len(lists) == len(self._categorical) else {}
        return [
            feature(name, "any" if name in self._categorical else "double", known.get(name))
            for name in self._names
        ]

    def width(self) -> Optional[int]:
        """The number of features."""
        return len(self._names)

    def notes(self) -> List[str]:
        """What the file does not say."""
        if not self._objective and not hasattr(self.native, "predict_proba"):
            return ["the model has an objective of its own: its numbers are raw scores"]
        return []

    def habits(self) -> Habits:
        """LightGBM takes an unknown category as missing, and writes blanks as underscores."""
        return super().habits()._replace(keep_unseen=False, blanks_as_underscores=True)

    def expects(self, prediction_type: str) -> Optional[Dict[str, Any]]:
        """By the class and the objective."""
        kind = type(self.native).__name__
        classes = self.classes()
        if prediction_type == "regression":
            return interpretation(
                "number", f"{kind} with objective {self._objective or 'of its own'}"
            )
        if prediction_type not in CLASSIFICATION or classes is None:
            return None
        if self.has_probabilities():
            reason = f"predict of {kind} gives labels, predict_proba probabilities"
            return interpretation("probabilities", reason, call="native", classes=classes)
        reason = f"{kind} with objective {self._objective}"
        if self._objective in PER_CLASS:
            return interpretation("probabilities", reason, classes=classes)
        if self._objective in POSITIVE:
            return interpretation("positive_probability", reason, classes=classes)
        return None

    def has_probabilities(self) -> bool:
        """Whether it is an LGBMClassifier."""
        return hasattr(self.native, "predict_proba")

    def probabilities(self, data: Any) -> np.ndarray:
        """predict_proba."""
        return np.asarray(self.native.predict_proba(data))

    def weights(self, names: Optional[Sequence[str]]) -> Weights:
        """Gains of the trees."""
        return of_lightgbm(self._booster, names)


def _categorical_features(booster: Any) -> List[int]:
    """The positions of categorical features, as the text of the model says."""
    found = re.search(
        r"\[categorical_feature: ([\d,]+)\]", booster.model_to_string(num_iteration=1)
    )
    return [int(at) for at in found.group(1).split(",")] if found else []
