"""The flavors, one file each, found by the loader module that the MLmodel file names."""

from __future__ import annotations

import sys
from importlib import metadata
from typing import Any, List, Mapping, Optional, Type

from .catboost import CatBoost
from .flavor import Flavor
from .lightgbm import LightGBM
from .onnx import Onnx
from .scikit_learn import ScikitLearn
from .statsmodels import Statsmodels
from .xgboost import XGBoost

__all__ = ["FLAVORS", "Flavor", "choose"]

FLAVORS: List[Type[Flavor]] = [ScikitLearn, XGBoost, LightGBM, CatBoost, Onnx, Statsmodels]
GROUP = "modelyard.flavors"


def choose(mlmodel: Mapping[str, Any]) -> Type[Flavor]:
    """The flavor of a model; flavors of other packages in its env go before ours."""
    declared: Mapping[str, Any] = mlmodel.get("flavors") or {}
    loader: Optional[str] = (declared.get("python_function") or {}).get("loader_module")
    for flavor in [*_of_other_packages(), *FLAVORS]:
        if loader in flavor.loader_modules or (loader is None and flavor.name in declared):
            return flavor
    return Flavor


def _of_other_packages() -> List[Type[Flavor]]:
    if sys.version_info >= (3, 10):
        points = list(metadata.entry_points(group=GROUP))
    else:
        points = list(metadata.entry_points().get(GROUP, ()))
    return [point.load() for point in points]
