"""What a flavor adapter is: what it tells of a model, and what it asks beyond pyfunc's predict."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

import numpy as np

from ..casting import Habits
from ..labels import plain
from ..problems import Problem
from .weights import Weights, none_of

CLASSIFICATION = ("binary_classification", "multiclass")


def interpretation(rule: str, reason: str, **facts: Any) -> Dict[str, Any]:
    """An `Interpretation` as JSON."""
    return {
        "rule": rule,
        "call": "predict",
        "activation": "none",
        "label": None,
        "probabilities": [],
        "classes": [],
        "reason": reason,
        "overridden": False,
        **facts,
    }


class Flavor:
    """One model of one flavor; this class serves any pyfunc model, its output read by its shape.

    A flavor of another package is a class like this one, registered under the entry point group
    `modelyard.flavors` in the model's env. It serves loader modules that no flavor of ours does.

    Args:
        pyfunc: what `mlflow.pyfunc.load_model` returned.
        native: the model behind it.
        facts: the flavor's entries in the MLmodel file, its own over those of python_function.
        folder: where the model's files are.
    """

    name = "python_function"
    loader_modules: Tuple[str, ...] = ("mlflow.pyfunc.model", "mlflow.pyfunc.loaders.code_model")
    libraries: Tuple[str, ...] = ()
    """Modules whose versions describe the env."""
    native_loader: Optional[Tuple[str, str]] = None
    """MLflow module and MLmodel key of the model's file, where python_function is not declared."""

    def __init__(self, pyfunc: Any, native: Any, facts: Mapping[str, Any], folder: str) -> None:
        self.pyfunc = pyfunc
        self.native = native
        self.facts = facts
        self.folder = folder

    def model_class(self) -> Optional[str]:
        """The full name of the native model's class."""
        kind = type(self.native)
        return f"{kind.__module__}.{kind.__qualname__}"

    def classes(self) -> Optional[List[Any]]:
        """The model's own classes in its own order; None where it does not tell."""
        return scalars(getattr(self.native, "classes_", None))

    def features(self) -> Optional[List[Dict[str, Any]]]:
        """The model's own feature names, in order, with MLflow's types; None where it has none."""
        return None

    def width(self) -> Optional[int]:
        """How many features the model takes, where it tells."""
        features = self.features()
        return None if features is None else len(features)

    def threshold(self) -> Optional[float]:
        """The model's own threshold for the second of two classes."""
        return None

    def notes(self) -> List[str]:
        """What a user should know of this model."""
        return []

    def habits(self) -> Habits:
        """What the model wants of its inputs."""
        return Habits(
            categories=_categories(self.features()), fill_optional=self.name != Flavor.name
        )

    def expects(self, prediction_type: str) -> Optional[Dict[str, Any]]:
        """How the output must be read, by what the model itself says; None: by its shape."""
        return None

    def has_probabilities(self) -> bool:
        """Whether `probabilities` gives what pyfunc's predict hides."""
        return False

    def predict(self, data: Any, params: Optional[Mapping[str, Any]]) -> Any:
        """What pyfunc's predict returns."""
        if params:
            return self.pyfunc.predict(data, params=dict(params))
        return self.pyfunc.predict(data)

    def probabilities(self, data: Any) -> np.ndarray:
        """The native model's probabilities, one row per row and one column per class.

        Raises:
            Problem: the model gives none (`unsupported`).
        """
        raise Problem("unsupported", f"{self.model_class()} gives no probabilities beside predict")

    def weights(self, names: Optional[Sequence[str]]) -> Weights:
        """The native model's own importances or coefficients; `names` are those of its inputs.

        Raises:
            Problem: it has none (`unsupported`).
        """
        raise none_of(f"{self.model_class()} of flavor {self.name}")


def scalars(values: Any) -> Optional[List[Any]]:
    """Class labels as JSON has them; None where these are no labels."""
    if not isinstance(values, (list, tuple, np.ndarray)) or len(values) == 0:
        return None
    if np.ndim(values) != 1 or any(isinstance(value, (list, np.ndarray)) for value in values):
        return None
    return [plain(value) for value in values]


def feature(
    name: str, kind: str = "any", categories: Optional[Sequence[Any]] = None
) -> Dict[str, Any]:
    """An `InputColumn` as JSON."""
    labels = None if categories is None else [plain(value) for value in categories]
    return {"name": name, "type": kind, "required": True, "categories": labels}


def _categories(features: Optional[Sequence[Mapping[str, Any]]]) -> Dict[str, Sequence[Any]]:
    return {
        column["name"]: column["categories"] for column in features or () if column["categories"]
    }
