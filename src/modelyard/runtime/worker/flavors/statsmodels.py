"""statsmodels: results whose model class says whether predict gives probabilities or numbers."""

from __future__ import annotations

import ast
from typing import Any, Dict, List, Mapping, Optional, Sequence

import numpy as np

from ..casting import Habits
from ..labels import plain, spelled
from .flavor import CLASSIFICATION, Flavor, feature, interpretation
from .weights import Weights, coefficients, none_of

BINARY_MODELS = ("Logit", "Probit", "ConditionalLogit", "GEE", "GLM")
CLASS_MODELS = ("MNLogit", "OrderedModel")
CONSTANT = "const"
"""How add_constant names the column of ones that a design by arrays needs."""
CONSTANTS = (CONSTANT, "Intercept")
LINEAR = ("OLS", "WLS", "GLS", "GLM", "GEE", "Logit", "Probit", "Poisson", "MNLogit")
"""Models whose parameters are the coefficients of the columns of their design, and no others."""


class Statsmodels(Flavor):
    """The results of a fit, by formula or by arrays."""

    name = "statsmodels"
    loader_modules = ("mlflow.statsmodels",)
    libraries = ("statsmodels", "patsy", "formulaic", "scipy")
    native_loader = ("mlflow.statsmodels", "data")

    def __init__(self, pyfunc: Any, native: Any, facts: Mapping[str, Any], folder: str) -> None:
        super().__init__(pyfunc, native, facts, folder)
        self._model = native.model
        self._kind = type(self._model).__name__

    def model_class(self) -> Optional[str]:
        """The class of the model that was fitted."""
        return f"{type(self._model).__module__}.{self._kind}"

    def classes(self) -> Optional[List[Any]]:
        """MNLogit keeps the labels it was given; a model of two classes has 0 and 1."""
        if self._kind == "MNLogit":
            names = self._model._ynames_map
            return [_as_number(names[at]) for at in sorted(names)]
        return [0, 1] if self._is_binary() else None

    def features(self) -> Optional[List[Dict[str, Any]]]:
        """The names in the formula, or those of the frame it was fitted on."""
        if getattr(self._model, "formula", None) is not None:
            return [feature(name) for name in self._names_in_formula()]
        if type(self._model.data).__name__ != "PandasData":
            return None
        columns = [feature(name, "double") for name in self._model.exog_names]
        # the constant is added where the data lacks it
        return [{**column, "required": column["name"] != CONSTANT} for column in columns]

    def _names_in_formula(self) -> List[str]:
        data = self._model.data
        spec = getattr(data, "model_spec", None) or data.design_info
        found = [name for factor in spec.factor_infos for name in _names_in(factor.name())]
        frame = getattr(data, "frame", None)
        there = found if frame is None else [name for name in found if name in frame.columns]
        return list(dict.fromkeys(there))

    def width(self) -> Optional[int]:
        """The number of columns of the design."""
        features = self.features()
        return len(self._model.exog_names) if features is None else len(features)

    def habits(self) -> Habits:
        """The constant that add_constant adds by hand is added where the data lacks it."""
        names = [column["name"] for column in self.features() or ()]
        formula = getattr(self._model, "formula", None) is not None
        constants = {CONSTANT: 1.0} if CONSTANT in names and not formula else {}
        return super().habits()._replace(constants=constants)

    def expects(self, prediction_type: str) -> Optional[Dict[str, Any]]:
        """By the model's class."""
        classes = self.classes()
        if prediction_type == "regression":
            return interpretation("number", f"predict of {self._kind}")
        if prediction_type not in CLASSIFICATION:
            return None
        if self._kind in CLASS_MODELS:
            reason = f"predict of {self._kind} gives a column per class"
            return interpretation("probabilities", reason, classes=classes or [])
        if classes is not None:
            reason = f"predict of {self._kind} gives the probability of 1"
            return interpretation("positive_probability", reason, classes=classes)
        return None

    def weights(self, names: Optional[Sequence[str]]) -> Weights:
        """The parameters of a linear predictor, by the columns of its design."""
        if self._kind not in LINEAR:
            raise none_of(self._kind)
        design = list(self._model.exog_names)
        params = np.asarray(self.native.params, np.float64).reshape(len(design), -1).T
        kept = [at for at, name in enumerate(design) if name not in CONSTANTS]
        constant = [at for at, name in enumerate(design) if name in CONSTANTS]
        classes = self.classes()
        if self._kind == "MNLogit" and classes is not None:
            classes = classes[1:]  # the first one is what the others are compared with
        intercept = params[:, constant[0]] if constant else None
        return coefficients(params[:, kept], intercept, classes, [design[at] for at in kept])

    def _is_binary(self) -> bool:
        family = getattr(self._model, "family", None)
        if family is not None and type(family).__name__ != "Binomial":
            return False
        return self._kind in BINARY_MODELS


def _names_in(code: str) -> List[str]:
    """The columns in a term of a formula: its names, but for functions and modules."""
    nodes = list(ast.walk(ast.parse(code, mode="eval")))
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    functions = [node.func for node in calls]
    modules = [node.value for node in nodes if isinstance(node, ast.Attribute)]
    quoted = [
        str(argument.value)
        for call in calls
        if isinstance(call.func, ast.Name) and call.func.id == "Q"
        for argument in call.args
        if isinstance(argument, ast.Constant)
    ]
    names = [node for node in nodes if isinstance(node, ast.Name)]
    return quoted + [node.id for node in names if node not in functions and node not in modules]


def _as_number(label: Any) -> Any:
    """MNLogit writes numbers as text."""
    label = plain(label)
    whole = isinstance(label, str) and spelled(label).lstrip("-").isdigit()
    return int(spelled(label)) if whole else label
